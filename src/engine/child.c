/* Owns what this process knows of the supervisors that it has started.
 * Must not: look at any process that is no child.
 * Thread: one at a time per list and child. */
#include "engine/child.h"

#include <stdlib.h>
#include <string.h>

#include "os/process.h"

const tether__origin *tether__origin_find(tether__origin **list, const tether__identity *identity)
{
    tether__origin *origin = *list;
    while (origin != NULL && (strcmp(origin->boot_id, identity->boot_id) != 0 ||
                              strcmp(origin->pid_ns, identity->pid_ns) != 0))
        origin = origin->next;
    if (origin != NULL)
        return origin;
    origin = malloc(sizeof *origin);
    if (origin == NULL)
        return NULL;
    memcpy(origin->boot_id, identity->boot_id, sizeof origin->boot_id);
    memcpy(origin->pid_ns, identity->pid_ns, sizeof origin->pid_ns);
    origin->next = *list;
    *list = origin;
    return origin;
}

void tether__origins_free(tether__origin *list)
{
    while (list != NULL) {
        tether__origin *next = list->next;
        free(list);
        list = next;
    }
}

tether__identity tether__child_identity(const tether__child *child)
{
    tether__identity identity = {
        .pid = child->pid, .start_time = child->start_time, .pidfs_id = child->pidfs_id};
    if (child->origin != NULL) {
        memcpy(identity.boot_id, child->origin->boot_id, sizeof identity.boot_id);
        memcpy(identity.pid_ns, child->origin->pid_ns, sizeof identity.pid_ns);
    }
    return identity;
}

bool tether__child_reap(tether__child *child)
{
    const tether__identity identity = tether__child_identity(child);
    bool reaped = tether__os_process_reap(&identity);
    if (reaped)
        child->pid = 0;
    return reaped;
}
