/* Owns the registry's loop: directory events, the timer for what is due (duties.c does that), and
 * polling.
 * Must not: decide the state of a task (refresh does), or call the operating system other than
 * through the seams.
 * Thread: the loop's, except wake, task_added, is_current, has_events, follow, unfollow and what
 * the catalog calls (wake, watch_exit), which any thread calls. */
#include "engine/reaper.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/error.h"
#include "engine/attention.h"
#include "engine/duties.h"
#include "engine/following.h"
#include "engine/prune.h"
#include "engine/refresh.h"
#include "engine/replay.h"
#include "format/name.h"
#include "os/clock.h"
#include "os/ends.h"
#include "os/start_thread.h"
#include "os/thread.h"
#include "os/watch.h"
#include "store/ledger.h"

enum {
    POLL_FIRST_MS = 5,
    POLL_LAST_MS = 1000,
    RETRY_MS = 1000,       /* after a failure that may be temporary */
    RETRY_LAST_MS = 60000, /* for an inspection that keeps failing, such as on a damaged disk */
    POLL_OUTPUT_MS = 50,
    POLL_REST_FACTOR = 4, /* pause after a poll, in multiples of its duration */
};

#define NEVER INT64_MAX

struct tether__reaper {
    tether__catalog *catalog;
    tether__reaper_observer observer;
    uv_loop_t *loop; /* NULL: the reaper was not started */
    uv_loop_t own_loop;
    uv_thread_t thread; /* runs the loop */
    bool owns_loop;
    uv_async_t wake;
    uv_timer_t timer;
    tether__watch *watch; /* NULL: no directory events */
    tether__ends *ends;   /* NULL: no events of exits */
    bool polling;         /* no events, only polling. Set once, at the start */
    /* Some supervisor's exit raises no event and has to be polled for. Guarded by `state`. */
    bool poll_exits;
    int exits_tag; /* -1: none, or the directory is gone. Written while `state` is held */
    tether__attention attention;
    /* When to look at the journal for a listener, because it cannot be watched; NEVER: it can, or
     * nobody listens. */
    int64_t news_at;
    int64_t news_pause_ms;
    /* When the timer fires, or NEVER. Only the loop's thread writes it, and holds `state` for that,
     * because other threads read it while they hold `state`. */
    int64_t timer_due;
    int64_t poll_at; /* when to poll; NEVER while events report everything */
    int64_t poll_pause_ms;
    /* When to inspect all tasks again after a failed inspection, or NEVER. The pause before it
     * grows while such inspections fail. */
    int64_t retry_at;
    int64_t retry_pause_ms;
    bool behind;           /* such an inspection was not repeated yet; guarded by `state` */
    bool inspect;          /* another thread wants all tasks to be inspected; guarded by `state` */
    uint64_t poll_changes; /* the catalog's `changes` at the last poll */
    bool stopping;         /* guarded by `state` */
    int handles;           /* how many are not closed yet */
    /* The loop and what belongs to it exist. Guarded by `starting`, which is taken last of all
     * locks. */
    bool started;
    uv_mutex_t starting;
};

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

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

static void set_timer(tether__reaper *reaper, int64_t next);

/* Takes `state`. */
static void set_behind(tether__reaper *reaper, bool behind)
{
    uv_mutex_lock(&reaper->catalog->state);
    reaper->behind = behind;
    uv_mutex_unlock(&reaper->catalog->state);
}

/* Schedules an inspection of all tasks after one that failed, because events report a change only
 * once: no event comes again for what the failed inspection has missed. Does not do so if the task
 * or the store was removed or the record is damaged, because another inspection would fail in the
 * same way. Keeps an inspection that is scheduled already, so that a task which fails at every
 * event does not delay it for ever. */
static void retry_after_failure(tether__reaper *reaper, int code)
{
    if (code == TETHER_OK || code == TETHER_ENOTASK || code == TETHER_ECORRUPT ||
        code == TETHER_EGONE || reaper->retry_at != NEVER)
        return;
    reaper->retry_at = tether__os_monotonic_ms() + reaper->retry_pause_ms;
    set_behind(reaper, true);
}

/* Inspects the tasks that may still run. If the host receives events, also those that other hosts
 * have finalised, in order to queue their COMPLETION. */
static void inspect_all(tether__reaper *reaper)
{
    tether__catalog *catalog = reaper->catalog;
    int code =
        tether__replay(catalog, tether__replay_scope(catalog), TETHER__INSPECT_NOW, NULL, NULL);
    retry_after_failure(reaper, code);
    reaper->retry_pause_ms =
        code == TETHER_OK ? RETRY_MS : earlier(reaper->retry_pause_ms * 2, RETRY_LAST_MS);
}

/* Inspects the tasks of which other hosts have written, and stores whether there were any. */
static int take_news(tether__reaper *reaper, bool *any)
{
    int code = tether__follow_news(reaper->catalog, any);
    retry_after_failure(reaper, code);
    if (*any || code != TETHER_OK)
        tether__catalog_notify(reaper->catalog);
    return code;
}

/* Returns whether the inspection may have made something due. */
static bool inspect_news(tether__reaper *reaper)
{
    bool any;
    int code = take_news(reaper, &any);
    return any || code != TETHER_OK;
}

static bool outputs_grew(tether__reaper *reaper, int tag)
{
    return reaper->observer.grown(tag, reaper->observer.userdata);
}

/* Polls: inspects every task that may still run, including new tasks of other hosts. Polls less and
 * less often while nothing happens. */
static void poll_all(tether__reaper *reaper)
{
    tether__catalog *catalog = reaper->catalog;
    int64_t begin = tether__os_monotonic_ms();
    inspect_all(reaper);
    int64_t rest = (tether__os_monotonic_ms() - begin) * POLL_REST_FACTOR;
    uv_mutex_lock(&catalog->state);
    bool quiet = catalog->changes == reaper->poll_changes;
    reaper->poll_changes = catalog->changes;
    uv_mutex_unlock(&catalog->state);
    /* The growth of outputs changes nothing in the catalog; therefore the pause is short while any
     * output is followed. */
    bool followed = outputs_grew(reaper, TETHER__REAPER_ALL_BUNDLES);
    int64_t longest = followed ? POLL_OUTPUT_MS : POLL_LAST_MS;
    reaper->poll_pause_ms =
        quiet ? earlier(reaper->poll_pause_ms * 3 / 2 + 1, longest) : POLL_FIRST_MS;
    int64_t pause = reaper->poll_pause_ms;
    reaper->poll_at = tether__os_monotonic_ms() + (rest > pause ? earlier(rest, longest) : pause);
}

/* Looks at a journal that cannot be watched, less and less often while nothing happens. Once it can
 * be watched, looks for the last time. */
static void poll_news(tether__reaper *reaper)
{
    bool any, watched = tether__attention_watch_journal(&reaper->attention);
    bool busy = take_news(reaper, &any) == TETHER_OK && any;
    reaper->news_pause_ms =
        busy ? POLL_FIRST_MS : earlier(reaper->news_pause_ms * 3 / 2 + 1, POLL_LAST_MS);
    reaper->news_at = watched ? NEVER : tether__os_monotonic_ms() + reaper->news_pause_ms;
}

/* One pass: polls if that is due, does what is due, and sets the timer for the next pass. */
static void process_due(tether__reaper *reaper)
{
    if (tether__os_monotonic_ms() >= reaper->poll_at)
        poll_all(reaper);
    if (tether__os_monotonic_ms() >= reaper->news_at)
        poll_news(reaper);
    if (tether__os_monotonic_ms() >= reaper->retry_at) {
        reaper->retry_at = NEVER;
        inspect_all(reaper);
        inspect_news(reaper);
        set_behind(reaper, reaper->retry_at != NEVER);
    }
    tether__prune(reaper->catalog);
    /* Followed bundles without events have to be read at intervals. */
    bool unwatched = !reaper->polling && reaper->observer.unwatched(reaper->observer.userdata);
    int64_t next = tether__duties_do(reaper->catalog);
    if (unwatched)
        next = earlier(next, tether__os_monotonic_ms() + POLL_OUTPUT_MS);
    next = earlier(next, earlier(reaper->poll_at, reaper->news_at));
    set_timer(reaper, earlier(next, reaper->retry_at));
}

static void on_timer(uv_timer_t *timer)
{
    tether__reaper *reaper = timer->data;
    set_timer(reaper, NEVER);
    process_due(reaper);
}

static void set_timer(tether__reaper *reaper, int64_t next)
{
    uv_mutex_lock(&reaper->catalog->state);
    bool same = next == reaper->timer_due;
    reaper->timer_due = next;
    uv_mutex_unlock(&reaper->catalog->state);
    if (same)
        return;
    if (next == NEVER) {
        uv_timer_stop(&reaper->timer);
        return;
    }
    int64_t pause = next - tether__os_monotonic_ms();
    uv_update_time(reaper->loop);
    uv_timer_start(&reaper->timer, on_timer, pause > 0 ? (uint64_t)pause : 0, 0);
}

static void on_wake(uv_async_t *async)
{
    tether__reaper *reaper = async->data;
    uv_mutex_lock(&reaper->catalog->state);
    bool stop = reaper->stopping && reaper->owns_loop;
    bool poll_exits = reaper->poll_exits;
    bool inspect = reaper->inspect;
    reaper->inspect = false;
    uv_mutex_unlock(&reaper->catalog->state);
    if (stop) {
        uv_stop(reaper->loop);
        return;
    }
    if (reaper->poll_at != NEVER || poll_exits)
        reaper->poll_at = 0;
    if (inspect)
        reaper->retry_at = 0;
    process_due(reaper);
}

/* Refreshes a task after an event, unless the task is known to have ended: the exit of a supervisor
 * that has already written its exit line raises one more event, and nothing new is on the disk. For
 * such a task, only frees the texts of the record, which are not needed any more. A task whose
 * completion was not requested is refreshed all the same, because another host may have requested
 * one since (tether_promote). A task of an archive, to which nothing happens any more, is not
 * looked for there. The caller holds `disk`. */
static int refresh_unless_ended(tether__catalog *catalog, const char *task_id,
                                tether__entry **entry)
{
    tether__file_stamp stamp;
    *entry = tether__catalog_find(catalog, task_id);
    if (*entry == NULL) {
        int code = tether__ledger_stamp(catalog->session, task_id, &stamp, NULL);
        if (code != TETHER_OK)
            return code;
    }
    if (*entry != NULL && tether_status_ended((*entry)->record.status) && !(*entry)->unsaved &&
        ((*entry)->record.notify_on_completion || (*entry)->record.completion_delivered)) {
        tether__entry_trim(*entry);
        return TETHER_OK;
    }
    return tether__refresh(catalog, task_id, TETHER__INSPECT_EVENT, entry, NULL);
}

static void inspect_after_event(tether__reaper *reaper, const char *task_id)
{
    tether__entry *entry;
    bool reapable = false;
    int64_t next = NEVER;
    uv_mutex_lock(&reaper->catalog->disk);
    int code = refresh_unless_ended(reaper->catalog, task_id, &entry);
    if (code == TETHER_OK) {
        reapable = entry->ended && entry->child.pid != 0;
        /* A task of another host may be seen for the first time. */
        next = tether__catalog_next_due(reaper->catalog, task_id);
    }
    uv_mutex_unlock(&reaper->catalog->disk);
    retry_after_failure(reaper, code);
    next = earlier(next, reaper->retry_at);
    if (reapable)
        next = earlier(next, tether__duties_reap(reaper->catalog, task_id));
    /* The task may be one that was forgotten. */
    next = earlier(next, tether__duties_reap_orphan(reaper->catalog, task_id));
    tether__prune(reaper->catalog);
    if (next < reaper->timer_due)
        set_timer(reaper, next);
}

/* Whether a file's change is that of the journal. Takes `state`. */
static bool is_journal(tether__reaper *reaper, int tag, const char *name)
{
    return strcmp(name, TETHER__JOURNAL_FILE) == 0 &&
           tether__attention_is_journal(&reaper->attention, tag);
}

/* Makes the waiters look at the disk: the store may be gone. The end of a watch that was removed on
 * purpose is no removal. Takes `state`. */
static void note_removal(tether__reaper *reaper, int tag)
{
    uv_mutex_lock(&reaper->catalog->state);
    if (tag == reaper->exits_tag || tag == reaper->attention.journal_tag)
        reaper->catalog->removals++;
    if (tag == reaper->exits_tag)
        reaper->exits_tag = -1;
    uv_mutex_unlock(&reaper->catalog->state);
}

/* A lifeline that was removed belongs to an ended task. A journal that was removed is the end of
 * the store: the host holds its directories, which therefore raise no event of their own removal.
 */
static void on_left(tether__reaper *reaper, int tag, const char *name)
{
    tether__file_stamp stamp;
    if (tag == reaper->exits_tag)
        return;
    if (!tether__attention_is_journal(&reaper->attention, tag)) {
        tether__attention_note_move(&reaper->attention, tag);
    } else if ((name == NULL || strcmp(name, TETHER__JOURNAL_FILE) == 0) &&
               tether__os_file_stamp(reaper->catalog->session->journal, TETHER__JOURNAL_FILE,
                                     &stamp, NULL) != TETHER_OK) {
        note_removal(reaper, tag);
        tether__catalog_notify(reaper->catalog);
    }
}

static void on_event(tether__watch_event event, int tag, const char *name, void *userdata)
{
    tether__reaper *reaper = userdata;
    if (event == TETHER__WATCH_OVERFLOW) {
        inspect_all(reaper);
        retry_after_failure(reaper, tether__follow_all(reaper->catalog));
        outputs_grew(reaper, TETHER__REAPER_ALL_BUNDLES);
        tether__catalog_notify(reaper->catalog);
        process_due(reaper);
    } else if (event == TETHER__WATCH_CHANGED && tag == reaper->exits_tag) {
        if (tether__task_id_valid(name))
            inspect_after_event(reaper, name);
    } else if (event == TETHER__WATCH_CHANGED && is_journal(reaper, tag, name)) {
        /* Another host, or this one, has appended to the journal. */
        if (inspect_news(reaper))
            process_due(reaper);
    } else if (event == TETHER__WATCH_LEFT) {
        on_left(reaper, tag, name);
    } else {
        /* A followed bundle has grown, or a directory was removed, which may be `exits` itself.
         * Waking the waiters is enough: they read the disk themselves and fail with TETHER_EGONE if
         * the store was removed. */
        outputs_grew(reaper, tag);
        if (event == TETHER__WATCH_GONE) {
            note_removal(reaper, tag);
            tether__attention_note_move(&reaper->attention, tag);
        }
        tether__catalog_notify(reaper->catalog);
    }
}

static void wake_from_catalog(void *userdata)
{
    tether__reaper_wake(userdata);
}

/* A supervisor has exited. It may have written its exit line just before; the inspection finds that
 * line. */
static void on_supervisor_exit(const char *task_id, void *userdata)
{
    tether__reaper *reaper = userdata;
    inspect_after_event(reaper, task_id);
    tether__attention_note_exit(&reaper->attention, task_id);
}

/* The catalog's watch_exit. If the exit cannot be watched, such as for lack of handles, the reaper
 * polls from now on. The caller holds `state`. */
static bool watch_exit_from_catalog(const char *task_id, const tether__identity *supervisor,
                                    void *userdata)
{
    tether__reaper *reaper = userdata;
    tether_error problem = {0};
    if (tether__os_ends_add(reaper->ends, task_id, supervisor, &problem) == TETHER_OK)
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
    return reaper->exits_tag >= 0 && !reaper->behind && tether__os_watch_is_quiet(reaper->watch);
}

static int watch_all(tether__reaper *reaper, tether_error *error)
{
    int code = tether__os_watch_open(reaper->loop, on_event, reaper, &reaper->watch, error);
    if (code == TETHER_OK)
        code = tether__os_watch_add(reaper->watch, reaper->catalog->session->exits,
                                    &reaper->exits_tag, error);
    if (code == TETHER_OK)
        code = tether__os_ends_open(reaper->loop, on_supervisor_exit, reaper, &reaper->ends, error);
    reaper->attention.watch = reaper->watch;
    reaper->attention.ends = reaper->ends;
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
    reaper->poll_pause_ms = POLL_FIRST_MS;
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
    tether__watch *watch = reaper->watch;
    tether__ends *ends = reaper->ends;
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
    reaper->watch = NULL;
    reaper->ends = NULL;
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
    reaper->retry_pause_ms = RETRY_MS;
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
    bool all = reaper->ends != NULL && !tether__os_watch_tells_close();
    uv_mutex_lock(&catalog->disk);
    catalog->events_since = ++catalog->logical_clock;
    uv_mutex_lock(&catalog->state);
    catalog->watch_exit = all ? watch_exit_from_catalog : NULL;
    catalog->told = reaper->watch != NULL && !reaper->polling ? told_from_catalog : NULL;
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
    return is_started(reaper) && uv_thread_equal(&self, &reaper->thread) != 0;
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
