/* Owns the timing of blocking calls.
 * Must not: know what the calls wait for.
 * Thread: any, except that of the host's own loop. */
#include "engine/waiting.h"

#include "base/error.h"
#include "os/clock.h"
#include "os/watch.h"
#include "store/store.h"

/* The longest sleep without a check of the disk. With events of all that hosts and supervisors
 * write, this check is a safety net, ever more seldom: the death of a supervisor closes no lifeline
 * while an unrelated forked process holds a copy of it, and it has an event of its own only for
 * those that are awaited. A crowd is too large for that, and for frequent checks: it is looked at
 * once a minute from the beginning. */
enum {
    NO_LIMIT = -1,
    SLEEP_WITH_EVENTS_MS = 1000,
    SLEEP_LAST_MS = 60000,
    SLEEP_FOR_GROWTH_MS = 50,
    SLEEP_POLLING_MS = 20
};

static int64_t longest_sleep_ms(const tether__wait *wait)
{
    if (!tether__reaper_has_events(wait->registry->reaper))
        return SLEEP_POLLING_MS;
    if (wait->for_growth && !tether__os_watch_tells_growth())
        return SLEEP_FOR_GROWTH_MS;
    if (wait->untold || wait->registry->by_turns)
        return SLEEP_WITH_EVENTS_MS;
    if (wait->awaiting.crowd)
        return SLEEP_LAST_MS;
    return wait->awaiting.told ? NO_LIMIT : wait->pause_ms;
}

int tether__rouse(tether_registry *registry, tether_error *error)
{
    return registry->catch_up != NULL ? registry->catch_up(registry, true, error) : TETHER_OK;
}

int tether__wait_begin(tether_registry *registry, const char *step, int64_t timeout_ms,
                       tether__wait *wait, tether_error *error)
{
    *wait = (tether__wait){
        .registry = registry, .step = step, .deadline = -1, .pause_ms = SLEEP_WITH_EVENTS_MS};
    if (timeout_ms != 0 && tether__reaper_is_current(registry->reaper))
        return tether__fail(
            error, TETHER_EINVAL, 0, step,
            "the loop's own thread cannot wait for its events; call this from another thread");
    if (timeout_ms >= 0 && timeout_ms < TETHER__WAIT_FOREVER_MS)
        wait->deadline = tether__os_monotonic_ms() + timeout_ms;
    int code = tether__gate_enter(&registry->gate, error);
    wait->inside = code == TETHER_OK;
    if (code == TETHER_OK && timeout_ms != 0)
        code = tether__rouse(registry, error);
    if (code == TETHER_OK && timeout_ms != 0)
        wait->follows = tether__reaper_follow_session(registry->reaper);
    if (wait->follows)
        wait->awaiting.attention = tether__reaper_attention(registry->reaper);
    return code;
}

int tether__wait_begin_start(tether_registry *registry, const char *step, tether__wait *wait,
                             tether_error *error)
{
    int64_t timeout_ms = tether__reaper_is_current(registry->reaper) ? 0 : TETHER__START_TIMEOUT_MS;
    return tether__wait_begin(registry, step, timeout_ms, wait, error);
}

/* A wait that ends before it would look at the disk needs no events instead. Nor are they had if a
 * directory was removed: its events have ended. Takes `state`. */
static bool may_rely_on_events(tether__wait *wait)
{
    tether__catalog *catalog = &wait->registry->catalog;
    if (!wait->follows || !tether__reaper_has_events(wait->registry->reaper) ||
        (wait->deadline >= 0 && wait->deadline - tether__os_monotonic_ms() <= SLEEP_WITH_EVENTS_MS))
        return false;
    uv_mutex_lock(&catalog->state);
    bool complete = catalog->removals == 0;
    uv_mutex_unlock(&catalog->state);
    return complete;
}

/* The removal of a journal tells that the store is removed. Tasks have one. */
static bool has_journal(const tether__wait *wait)
{
    tether__file_stamp stamp;
    return tether__os_file_stamp(wait->registry->session.journal, TETHER__JOURNAL_FILE, &stamp,
                                 NULL) == TETHER_OK;
}

void tether__wait_await(tether__wait *wait, size_t count)
{
    bool able = may_rely_on_events(wait) && (count > 0 || has_journal(wait));
    tether__awaiting_begin(&wait->awaiting, count, able);
}

void tether__wait_await_task(tether__wait *wait, const char *task_id)
{
    tether__wait_await(wait, 1);
    tether__awaiting_task(&wait->awaiting, task_id);
    tether__awaiting_settle(&wait->awaiting);
}

int tether__wait_prepare(tether__wait *wait, tether_error *error)
{
    tether__catalog *catalog = &wait->registry->catalog;
    uv_mutex_lock(&catalog->state);
    wait->seen = catalog->changes;
    bool closing = wait->registry->gate.closing;
    uv_mutex_unlock(&catalog->state);
    return closing ? tether__fail(error, TETHER_ECLOSED, 0, wait->step,
                                  "the registry is being closed, or was interrupted; open it again "
                                  "to wait further")
                   : TETHER_OK;
}

/* Stores in *still (NULL: not wanted) whether nothing has changed, or something was removed. */
static int sleep_at_most(tether__wait *wait, int64_t pause, bool *still, tether_error *error)
{
    tether__catalog *catalog = &wait->registry->catalog;
    int64_t left = wait->deadline < 0 ? NO_LIMIT : wait->deadline - tether__os_monotonic_ms();
    if (wait->deadline >= 0 && left <= 0)
        return tether__fail(error, TETHER_ETIMEDOUT, 0, wait->step,
                            "the timeout has passed; wait again, or longer");
    if (left < 0 || (pause >= 0 && pause < left))
        left = pause;
    uv_mutex_lock(&catalog->state);
    bool changed = tether__catalog_wait(catalog, wait->seen, left);
    if (still != NULL)
        *still = !changed || wait->removals != catalog->removals;
    wait->removals = catalog->removals;
    uv_mutex_unlock(&catalog->state);
    return TETHER_OK;
}

/* Returns how long to sleep. The next look at the disk is due at a fixed time, however often
 * changes end the sleep before. */
static int64_t plan_look(tether__wait *wait)
{
    int64_t now = tether__os_monotonic_ms(), longest = longest_sleep_ms(wait);
    if (longest < 0) {
        wait->look_at = 0;
        return NO_LIMIT;
    }
    if (wait->look_at == 0 || wait->look_at > now + longest)
        wait->look_at = now + longest;
    return wait->look_at > now ? wait->look_at - now : 1;
}

int tether__wait_sleep(tether__wait *wait, bool *look, tether_error *error)
{
    bool still = true;
    int code = TETHER_OK;
    if (!wait->awaiting.fresh)
        code = sleep_at_most(wait, plan_look(wait), &still, error);
    wait->awaiting.fresh = false;
    bool due = still || (wait->look_at != 0 && tether__os_monotonic_ms() >= wait->look_at);
    if (look != NULL)
        *look = due;
    if (code != TETHER_OK || !due)
        return code;
    wait->look_at = 0;
    if (wait->follows && wait->pause_ms < SLEEP_LAST_MS)
        wait->pause_ms = wait->pause_ms * 2 < SLEEP_LAST_MS ? wait->pause_ms * 2 : SLEEP_LAST_MS;
    return TETHER_OK;
}

int tether__wait_nap(tether__wait *wait, int64_t pause_ms, tether_error *error)
{
    return sleep_at_most(wait, pause_ms, NULL, error);
}

void tether__wait_end(tether__wait *wait)
{
    tether__awaiting_dispose(&wait->awaiting);
    if (wait->follows)
        tether__reaper_unfollow_session(wait->registry->reaper);
    wait->follows = false;
    if (wait->inside)
        tether__gate_leave(&wait->registry->gate);
    wait->inside = false;
}
