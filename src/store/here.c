/* Owns the answers about this process that an open store remembers.
 * Must not: remember what this process can change.
 * Thread: any. */
#include "store/here.h"

#include <string.h>

#include "os/clock.h"
#include "os/process.h"

void tether__here_ask(tether__here *here)
{
    here->boot_known = tether__os_boot_id(here->boot_id);
    tether__os_pid_ns(here->pid_ns);
    here->has_frame = tether__os_clock_frame(&here->frame, NULL) == TETHER_OK;
}

bool tether__here_boot_id(const tether__here *here, char id[TETHER__BOOT_ID_SIZE])
{
    if (!here->boot_known)
        return tether__os_boot_id(id);
    memcpy(id, here->boot_id, sizeof here->boot_id);
    return true;
}

void tether__here_pid_ns(const tether__here *here, char pid_ns[TETHER__PID_NS_SIZE])
{
    if (here->pid_ns[0] == '\0')
        tether__os_pid_ns(pid_ns);
    else
        memcpy(pid_ns, here->pid_ns, sizeof here->pid_ns);
}

int tether__here_frame(const tether__here *here, tether__clock_frame *own, tether_error *error)
{
    if (!here->has_frame)
        return tether__os_clock_frame(own, error);
    *own = here->frame;
    return TETHER_OK;
}

tether__identity tether__here_compared(const tether__here *here, const tether__identity *identity)
{
    tether__identity rest = *identity;
    if (here->boot_id[0] != '\0' && strcmp(rest.boot_id, here->boot_id) == 0)
        rest.boot_id[0] = '\0';
    if (here->pid_ns[0] != '\0' && strcmp(rest.pid_ns, here->pid_ns) == 0)
        rest.pid_ns[0] = '\0';
    return rest;
}
