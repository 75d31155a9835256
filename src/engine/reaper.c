/* Owns the registry's loop: its thread, its handles, and the life of the reaper.
 * Must not: inspect a task (reaping.c does).
 * Thread: the loop's, except wake, task_added, is_current, has_events, follow, unfollow and what
 * the catalog calls (wake, watch_exit, told), which any thread calls. */
#include "engine/reaper.h"

#include <stdlib.h>
#include <uv.h>

#include "base/error.h"
#include "engine/attention.h"
#include "engine/reaping.h"
#include "os/start_thread.h"
#include "os/thread.h"

#define NEVER TETHER__REAPING_NEVER

static bool is_started(tether__reaper *reaper)
{
    uv_mutex_lock(&reaper->starting);
    bool started = reaper->started;
    uv_mutex_unlock(&reaper->starting);
    return started;
}

static void free_reaper(tether__reaper *reaper)
{
    uv_mutex_destroy(&reaper->starting);
    free(reaper);
}

static void on_wake(uv_async_t *async)
{
    tether__reaper *reaper = async->data;
    uv_mutex_lock(&reaper->catalog->state);
    bool stop = reaper->stopping && reaper->owns_loop;
    uv_mutex_unlock(&reaper->catalog->state);
    if (stop)
        uv_stop(reaper->loop);
    else
        tether__reaping_resume(reaper);
}

static void wake_from_catalog(void *userdata)
{
    tether__reaper_wake(userdata);
}

/* The catalog's watch_exit. If the exit cannot be watched, such as for lack of handles, the reaper
 * polls from now on. The caller holds `state`. */
static bool watch_exit_from_catalog(const char *task_id, const tether__identity *supervisor,
                                    void *userdata)
{
    tether__reaper *reaper = userdata;
    tether_error problem = {0};
    if (tether__os_ends_add(reaper->attention.ends, task_id, supervisor, &problem) == TETHER_OK)
        return true;
    if (!reaper->poll_exits)
        tether__events_log(reaper->catalog->events, TETHER_LOG_WARNING, task_id, &problem);
    reaper->poll_exits = true;
    uv_async_send(&reaper->wake);
    return false;
}

/* The catalog's `told`. */
static bool told_from_catalog(void *userdata)
{
    tether__reaper *reaper = userdata;
    return reaper->exits_tag >= 0 && !reaper->behind &&
           tether__os_watch_is_quiet(reaper->attention.watch);
}

static int watch_all(tether__reaper *reaper, tether_error *error)
{
    int code = tether__os_watch_open(reaper->loop, tether__reaping_take_event, reaper,
                                     &reaper->attention.watch, error);
    if (code == TETHER_OK)
        code = tether__os_watch_add(reaper->attention.watch, reaper->catalog->session->exits,
                                    &reaper->exits_tag, error);
    if (code == TETHER_OK)
        code = tether__os_ends_open(reaper->loop, tether__reaping_take_exit, reaper,
                                    &reaper->attention.ends, error);
    return code;
}

static int open_events(tether__reaper *reaper, tether_reaper_mode mode, tether_error *error)
{
    tether_error problem = {0};
    reaper->exits_tag = -1;
    reaper->poll_at = NEVER;
    if (mode != TETHER_REAPER_POLLING) {
        int code = watch_all(reaper, &problem);
        if (code == TETHER_OK)
            return TETHER_OK;
        if (mode == TETHER_REAPER_EVENTS) {
            tether__error_set(error, &problem);
            return code;
        }
    }
    reaper->polling = true;
    reaper->poll_at = 0;
    reaper->poll_pause_ms = TETHER__REAPING_FIRST_MS;
    if (mode == TETHER_REAPER_AUTO)
        tether__events_log(reaper->catalog->events, TETHER_LOG_WARNING, NULL, &problem);
    return TETHER_OK;
}

/* On a host's loop, the callback of the last handle frees the reaper. On the reaper's own loop,
 * tether__reaper_close frees it, after the loop has returned. */
static void handle_closed(tether__reaper *reaper)
{
    if (--reaper->handles == 0 && !reaper->owns_loop)
        free_reaper(reaper);
}

static void on_handle_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

static void on_part_closed(void *userdata)
{
    handle_closed(userdata);
}

static void close_handles(tether__reaper *reaper)
{
    tether__watch *watch = reaper->attention.watch;
    tether__ends *ends = reaper->attention.ends;
    reaper->handles = 2 + (watch != NULL) + (ends != NULL);
    uv_close((uv_handle_t *)&reaper->timer, on_handle_closed);
    uv_close((uv_handle_t *)&reaper->wake, on_handle_closed);
    if (watch != NULL)
        tether__os_watch_close(watch, on_part_closed);
    if (ends != NULL)
        tether__os_ends_close(ends, on_part_closed);
}

/* Runs the loop once more for the close callbacks. Its thread has ended or was never started. */
static void close_own_loop(tether__reaper *reaper)
{
    close_handles(reaper);
    uv_run(reaper->loop, UV_RUN_DEFAULT);
    uv_loop_close(reaper->loop);
    reaper->loop = NULL;
    reaper->attention.watch = NULL;
    reaper->attention.ends = NULL;
}

/* Initialises what the reaper adds to its loop. */
static int add_to_loop(tether__reaper *reaper, uv_loop_t *loop, tether_error *error)
{
    if (uv_async_init(loop, &reaper->wake, on_wake) != 0)
        return tether__fail(
            error, TETHER_ELIMIT, 0, "start loop",
            "the event loop cannot be extended; raise the limit of descriptors (ulimit -n)");
    uv_timer_init(loop, &reaper->timer);
    reaper->wake.data = reaper;
    reaper->timer.data = reaper;
    reaper->loop = loop;
    return TETHER_OK;
}

static int open_loop(tether__reaper *reaper, struct uv_loop_s *loop, tether_error *error)
{
    reaper->thread = uv_thread_self();
    reaper->owns_loop = loop == NULL;
    if (loop != NULL)
        return add_to_loop(reaper, loop, error);
    int code = tether__os_loop_init(&reaper->own_loop, error);
    if (code != TETHER_OK)
        return code;
    code = add_to_loop(reaper, &reaper->own_loop, error);
    if (code != TETHER_OK)
        uv_loop_close(&reaper->own_loop);
    return code;
}

static void run_loop(void *userdata)
{
    tether__reaper *reaper = userdata;
    uv_run(reaper->loop, UV_RUN_DEFAULT);
}

static int start_thread(tether__reaper *reaper, tether_error *error)
{
    if (!reaper->owns_loop)
        return TETHER_OK;
    return tether__start_thread(&reaper->thread, run_loop, reaper, "start loop", error);
}

int tether__reaper_open(tether__catalog *catalog, const tether__reaper_observer *observer,
                        tether__reaper **out, tether_error *error)
{
    *out = NULL;
    tether__reaper *reaper = calloc(1, sizeof *reaper);
    if (reaper == NULL || uv_mutex_init(&reaper->starting) != 0) {
        free(reaper);
        return tether__fail_memory(error, "start loop");
    }
    reaper->catalog = catalog;
    reaper->observer = *observer;
    reaper->timer_due = NEVER;
    reaper->retry_at = NEVER;
    tether__attention_init(&reaper->attention, catalog);
    reaper->news_at = NEVER;
    reaper->retry_pause_ms = TETHER__REAPING_RETRY_MS;
    catalog->wake_userdata = reaper;
    catalog->wake = wake_from_catalog;
    *out = reaper;
    return TETHER_OK;
}

/* Before the thread starts, because that reads it. Takes `disk`, then `state`: callers of these
 * functions hold the latter. */
static void offer_events(tether__reaper *reaper)
{
    tether__catalog *catalog = reaper->catalog;
    bool all = reaper->attention.ends != NULL && !tether__os_watch_tells_close();
    uv_mutex_lock(&catalog->disk);
    catalog->events_since = ++catalog->logical_clock;
    uv_mutex_lock(&catalog->state);
    catalog->watch_exit = all ? watch_exit_from_catalog : NULL;
    catalog->told = reaper->attention.watch != NULL && !reaper->polling ? told_from_catalog : NULL;
    uv_mutex_unlock(&catalog->state);
    uv_mutex_unlock(&catalog->disk);
}

/* Takes `state`: callers of these functions hold that lock, therefore none is inside one of them
 * when this returns. */
static void withdraw_events(tether__reaper *reaper)
{
    uv_mutex_lock(&reaper->catalog->state);
    reaper->catalog->watch_exit = NULL;
    reaper->catalog->told = NULL;
    uv_mutex_unlock(&reaper->catalog->state);
}

/* A listener needs the lines of other hosts. If the journal cannot be watched, follows it all the
 * same, by polling. Before the thread starts, because that reads `news_at`. */
static int follow_for_listener(tether__reaper *reaper, tether_reaper_mode mode, tether_error *error)
{
    tether_error problem = {0};
    if (reaper->polling)
        return TETHER_OK; /* each poll finds what other hosts have written */
    if (tether__attention_follow_session(&reaper->attention, &problem))
        return TETHER_OK;
    if (mode == TETHER_REAPER_EVENTS) {
        tether__error_set(error, &problem);
        return problem.code;
    }
    tether__attention_follow_unwatched(&reaper->attention);
    reaper->news_at = 0;
    tether__events_log(reaper->catalog->events, TETHER_LOG_WARNING, NULL, &problem);
    return TETHER_OK;
}

/* Keeps `starting` until the thread runs: what others send before that would find no loop. */
int tether__reaper_start(tether__reaper *reaper, struct uv_loop_s *loop, tether_reaper_mode mode,
                         tether_error *error)
{
    int code = open_loop(reaper, loop, error);
    if (code != TETHER_OK)
        return code;
    code = open_events(reaper, mode, error);
    if (code == TETHER_OK && tether__events_has_listener(reaper->catalog->events))
        code = follow_for_listener(reaper, mode, error);
    offer_events(reaper);
    uv_mutex_lock(&reaper->starting);
    if (code == TETHER_OK)
        code = start_thread(reaper, error);
    reaper->started = code == TETHER_OK;
    uv_mutex_unlock(&reaper->starting);
    if (code != TETHER_OK) {
        withdraw_events(reaper);
        if (reaper->owns_loop)
            close_own_loop(reaper);
    }
    return code;
}

static void stop_thread(tether__reaper *reaper)
{
    uv_mutex_lock(&reaper->catalog->state);
    reaper->stopping = true;
    uv_mutex_unlock(&reaper->catalog->state);
    uv_async_send(&reaper->wake);
    uv_thread_join(&reaper->thread);
}

void tether__reaper_close(tether__reaper *reaper)
{
    if (reaper == NULL)
        return;
    if (reaper->started && reaper->owns_loop)
        stop_thread(reaper);
    reaper->catalog->wake = NULL;
    withdraw_events(reaper);
    if (reaper->loop != NULL && !reaper->owns_loop) {
        close_handles(reaper);
        return;
    }
    if (reaper->loop != NULL)
        close_own_loop(reaper);
    free_reaper(reaper);
}

void tether__reaper_wake(tether__reaper *reaper)
{
    if (is_started(reaper))
        uv_async_send(&reaper->wake);
}

void tether__reaper_inspect(tether__reaper *reaper)
{
    uv_mutex_lock(&reaper->catalog->state);
    reaper->inspect = true;
    uv_mutex_unlock(&reaper->catalog->state);
    tether__reaper_wake(reaper);
}

void tether__reaper_task_added(tether__reaper *reaper, const char *task_id)
{
    int64_t next = tether__catalog_next_due(reaper->catalog, task_id);
    uv_mutex_lock(&reaper->catalog->state);
    bool late = next < reaper->timer_due;
    uv_mutex_unlock(&reaper->catalog->state);
    if (late || !tether__reaper_has_events(reaper))
        tether__reaper_wake(reaper);
}

bool tether__reaper_is_current(tether__reaper *reaper)
{
    uv_thread_t self = uv_thread_self();
    uv_mutex_lock(&reaper->starting);
    bool current = reaper->started && uv_thread_equal(&self, &reaper->thread) != 0;
    uv_mutex_unlock(&reaper->starting);
    return current;
}

void tether__reaper_runs_here(tether__reaper *reaper)
{
    if (reaper->owns_loop)
        return;
    uv_mutex_lock(&reaper->starting);
    reaper->thread = uv_thread_self();
    uv_mutex_unlock(&reaper->starting);
}

bool tether__reaper_has_events(tether__reaper *reaper)
{
    return is_started(reaper) && !reaper->polling;
}

bool tether__reaper_follow_session(tether__reaper *reaper)
{
    return is_started(reaper) && tether__attention_follow_session(&reaper->attention, NULL);
}

void tether__reaper_unfollow_session(tether__reaper *reaper)
{
    tether__attention_unfollow_session(&reaper->attention);
}

void tether__reaper_follow(tether__reaper *reaper, const char *task_id, int *tag)
{
    if (tag != NULL)
        *tag = -1;
    if (is_started(reaper))
        tether__attention_follow(&reaper->attention, task_id, tag);
}

void tether__reaper_unfollow(tether__reaper *reaper, const char *task_id)
{
    tether__attention_unfollow(&reaper->attention, task_id);
}

tether__attention *tether__reaper_attention(tether__reaper *reaper)
{
    return &reaper->attention;
}
