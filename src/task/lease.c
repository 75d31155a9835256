/* Owns the list of a registry's leases in other sessions.
 * Must not: touch a record.
 * Thread: any. */
#include "task/lease.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/grow.h"
#include "base/text.h"

enum { KEPT_ACKNOWLEDGED = 256 };

int tether__leases_init(tether__leases *leases, tether_error *error)
{
    *leases = (tether__leases){0};
    if (uv_mutex_init(&leases->mutex) != 0)
        return tether__fail_memory(error, "open registry");
    return TETHER_OK;
}

void tether__leases_dispose(tether__leases *leases)
{
    for (size_t i = 0; i < leases->count; i++)
        free(leases->items[i].session_id);
    free(leases->items);
    uv_mutex_destroy(&leases->mutex);
}

/* Returns the index of the task's lease, or the count if there is none. The caller holds the mutex.
 */
static size_t find_index(const tether__leases *leases, const char *task_id)
{
    size_t index = 0;
    while (index < leases->count && strcmp(leases->items[index].task_id, task_id) != 0)
        index++;
    return index;
}

static bool ensure_capacity(tether__leases *leases)
{
    void *items = leases->items;
    bool fits = tether__grow(&items, leases->count, &leases->capacity, sizeof *leases->items);
    leases->items = items;
    return fits;
}

bool tether__leases_add(tether__leases *leases, const char *task_id, const char *session_id)
{
    char *copy = tether__text_copy(session_id);
    uv_mutex_lock(&leases->mutex);
    bool known = find_index(leases, task_id) < leases->count;
    bool added = !known && copy != NULL && ensure_capacity(leases);
    if (added) {
        tether__lease *item = &leases->items[leases->count++];
        *item = (tether__lease){0};
        strcpy(item->task_id, task_id);
        item->session_id = copy;
    }
    uv_mutex_unlock(&leases->mutex);
    if (!added)
        free(copy);
    return known || added;
}

bool tether__leases_find(tether__leases *leases, const char *task_id, char **session_id)
{
    uv_mutex_lock(&leases->mutex);
    size_t index = find_index(leases, task_id);
    bool listed = index < leases->count;
    *session_id = listed ? tether__text_copy(leases->items[index].session_id) : NULL;
    uv_mutex_unlock(&leases->mutex);
    return !listed || *session_id != NULL;
}

/* The last one takes the place of the removed one. The caller holds the mutex. */
static void remove_at(tether__leases *leases, size_t index)
{
    if (index == leases->count)
        return;
    free(leases->items[index].session_id);
    leases->items[index] = leases->items[--leases->count];
}

void tether__leases_remove(tether__leases *leases, const char *task_id)
{
    uv_mutex_lock(&leases->mutex);
    remove_at(leases, find_index(leases, task_id));
    uv_mutex_unlock(&leases->mutex);
}

/* Returns the index of the lease that was acknowledged first, or the count if too few were to
 * remove one. The caller holds the mutex. */
static size_t find_surplus(const tether__leases *leases)
{
    size_t acknowledged = 0, oldest = leases->count;
    for (size_t i = 0; i < leases->count; i++) {
        uint64_t order = leases->items[i].acknowledged;
        acknowledged += order != 0;
        if (order != 0 && (oldest == leases->count || order < leases->items[oldest].acknowledged))
            oldest = i;
    }
    return acknowledged > KEPT_ACKNOWLEDGED ? oldest : leases->count;
}

void tether__leases_acknowledge(tether__leases *leases, const char *task_id)
{
    uv_mutex_lock(&leases->mutex);
    size_t index = find_index(leases, task_id);
    if (index < leases->count && leases->items[index].acknowledged == 0) {
        leases->items[index].acknowledged = ++leases->acknowledgements;
        remove_at(leases, find_surplus(leases));
    }
    uv_mutex_unlock(&leases->mutex);
}
