/* Owns waiting for the ends of tasks.
 * Must not: depend on the end of anybody's output, or poll while events come.
 * Thread: any but that of a host's own loop. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "os_clock.h"
#include "refresh.h"
#include "registry.h"
#include "tether/task.h"

typedef struct waiter {
    tether_registry *registry;
    const char *const *ids;
    size_t count;
    tether_wait_mode mode;
    int64_t deadline; /* monotonic; -1: none */
} waiter;

/* Looks at every task on disk, so that the answer is never older than that. */
static int look_at_all(const waiter *w, tether_error *error)
{
    int code = TETHER_OK;
    tether__catalog *catalog = &w->registry->catalog;
    for (size_t i = 0; code == TETHER_OK && i < w->count; i++) {
        uv_mutex_lock(&catalog->disk);
        code = tether__refresh(catalog, w->ids[i], TETHER__LOOK_NOW, NULL, error);
        uv_mutex_unlock(&catalog->disk);
    }
    return code;
}

/* Under `state`: how many have ended and which of them first; false where one is not there any
 * more. */
static bool count_ended(const waiter *w, size_t *ended, size_t *first)
{
    uint64_t order = UINT64_MAX;
    *ended = 0;
    for (size_t i = 0; i < w->count; i++) {
        tether__entry *entry = tether__catalog_find(&w->registry->catalog, w->ids[i]);
        if (entry == NULL)
            return false;
        if (!entry->ended)
            continue;
        (*ended)++;
        if (entry->end_order < order) {
            order = entry->end_order;
            *first = i;
        }
    }
    return true;
}

/* How long to sleep at most; 0: the time is over. */
static int64_t pause_of(const waiter *w)
{
    int64_t pause = tether__registry_patience(w->registry);
    if (w->deadline < 0)
        return pause;
    int64_t left = w->deadline - tether__os_monotonic_ms();
    return left < pause ? left : pause;
}

/* Under `state`. TETHER_OK: it is done; 1: somebody has to look at the disk again. */
static int wait_in_memory(const waiter *w, size_t *index, tether_error *error)
{
    tether__catalog *catalog = &w->registry->catalog;
    for (;;) {
        size_t ended, first = 0;
        uint64_t seen = catalog->changes;
        if (w->registry->closing)
            return tether__fail(error, TETHER_ECLOSED, 0, "wait", "the registry is being closed");
        if (!count_ended(w, &ended, &first))
            return 1;
        if (ended == w->count || (w->mode == TETHER_WAIT_ANY && ended > 0)) {
            if (index != NULL)
                *index = first;
            return TETHER_OK;
        }
        int64_t pause = pause_of(w);
        if (pause <= 0)
            return tether__fail(error, TETHER_ETIMEDOUT, 0, "wait",
                                "the wait was over and %zu of %zu tasks have not ended",
                                w->count - ended, w->count);
        if (!tether__catalog_wait(catalog, seen, pause))
            return 1;
    }
}

static int check_arguments(tether_registry *registry, const char *const *ids, size_t count,
                           int64_t timeout_ms, tether_error *error)
{
    if (ids == NULL || count == 0)
        return tether__fail(error, TETHER_EINVAL, 0, "wait", "no task was named");
    if (timeout_ms != 0 && tether__reaper_is_current(registry->reaper))
        return tether__fail(error, TETHER_EINVAL, 0, "wait",
                            "the thread of the loop cannot wait for what the loop tells");
    int code = TETHER_OK;
    for (size_t i = 0; code == TETHER_OK && i < count; i++)
        code = tether__check_task_id(ids[i], error);
    return code;
}

int tether_wait(tether_registry *registry, const char *const *task_ids, size_t count,
                tether_wait_mode mode, int64_t timeout_ms, size_t *index, tether_error *error)
{
    int code = check_arguments(registry, task_ids, count, timeout_ms, error);
    if (code != TETHER_OK)
        return code;
    waiter w = {registry, task_ids, count, mode,
                timeout_ms < 0 ? -1 : tether__os_monotonic_ms() + timeout_ms};
    code = tether__registry_enter(registry, error);
    if (code != TETHER_OK)
        return code;
    do {
        code = look_at_all(&w, error);
        if (code != TETHER_OK)
            break;
        uv_mutex_lock(&registry->catalog.state);
        code = wait_in_memory(&w, index, error);
        uv_mutex_unlock(&registry->catalog.state);
    } while (code > 0);
    tether__registry_leave(registry);
    return code;
}
