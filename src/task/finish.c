/* Owns waiting for the kills that a registry carries on with.
 * Must not: begin or drive a kill: the registry's loop does, see reaper.c.
 * Thread: any but that of a host's own loop. */
#include <stdio.h>

#include "base/error.h"
#include "engine/core.h"
#include "engine/kill.h"
#include "engine/waiting.h"
#include "os/clock.h"
#include "tether/task.h"

static const char step[] = "finish kills";

enum { PAUSE_MS = 20 };

static bool is_unfinished(const tether__entry *entry, int64_t now)
{
    if (entry->driver != TETHER__DRIVER_NONE)
        return tether__kill_in_progress(entry, now);
    return !entry->ended && entry->status != TETHER_STATUS_KILLING &&
           entry->deadline_monotonic_ms > 0 && entry->deadline_monotonic_ms <= now;
}

/* Counts the tasks with an unfinished kill and stores the id of one of them. Takes `disk`, under
 * which tether__kill_begin both writes `killing` and appoints the driver, and `state`. */
static size_t count_unfinished(tether__catalog *catalog, char id[TETHER_ID_SIZE])
{
    size_t unfinished = 0;
    int64_t now = tether__os_monotonic_ms();
    uv_mutex_lock(&catalog->disk);
    uv_mutex_lock(&catalog->state);
    for (size_t i = 0; i < catalog->scheduled_count; i++) {
        const tether__entry *entry = catalog->scheduled[i];
        if (is_unfinished(entry, now) && unfinished++ == 0)
            snprintf(id, TETHER_ID_SIZE, "%s", entry->id);
    }
    uv_mutex_unlock(&catalog->state);
    uv_mutex_unlock(&catalog->disk);
    return unfinished;
}

static void fail_unfinished(size_t count, const char *id, tether_error *error)
{
    if (count == 1)
        tether__fail(error, TETHER_ETIMEDOUT, 0, step,
                     "task %s is still being ended; a later kill of it ends it or says what "
                     "survives",
                     id);
    else
        tether__fail(error, TETHER_ETIMEDOUT, 0, step,
                     "%zu tasks are still being ended, such as %s; a later kill of them ends them "
                     "or says what survives",
                     count, id);
}

int tether_finish_kills(tether_registry *registry, int64_t timeout_ms, tether_error *error)
{
    char id[TETHER_ID_SIZE] = "";
    tether__wait wait;
    size_t unfinished = 0;
    int code = tether__wait_begin(registry, step, timeout_ms, &wait, error);
    if (code == TETHER_OK && registry->catch_up != NULL)
        code = registry->catch_up(registry, false, error);
    while (code == TETHER_OK) {
        code = tether__wait_prepare(&wait, error);
        if (code == TETHER_OK)
            unfinished = count_unfinished(&registry->catalog, id);
        if (code != TETHER_OK || unfinished == 0)
            break;
        code = tether__wait_nap(&wait, PAUSE_MS, NULL);
        if (code == TETHER_ETIMEDOUT)
            fail_unfinished(unfinished, id, error);
    }
    tether__wait_end(&wait);
    return code;
}
