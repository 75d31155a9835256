/* Owns what a reaper does: a pass when something is due, the inspections after events, the timer
 * and polling.
 * Must not: decide the state of a task (refresh does), or call the operating system other than
 * through the seams.
 * Thread: the loop's. */
#include "engine/reaping.h"

#include <string.h>

#include "engine/duties.h"
#include "engine/following.h"
#include "engine/prune.h"
#include "engine/refresh.h"
#include "engine/replay.h"
#include "format/name.h"
#include "os/clock.h"
#include "store/ledger.h"

enum {
    POLL_LAST_MS = 1000,
    RETRY_LAST_MS = 60000, /* for an inspection that keeps failing, such as on a damaged disk */
    POLL_OUTPUT_MS = 50,
    POLL_REST_FACTOR = 4, /* pause after a poll, in multiples of its duration */
};

#define FIRST_MS TETHER__REAPING_FIRST_MS
#define NEVER TETHER__REAPING_NEVER

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
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
    reaper->retry_pause_ms = code == TETHER_OK ? TETHER__REAPING_RETRY_MS
                                               : earlier(reaper->retry_pause_ms * 2, RETRY_LAST_MS);
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
    reaper->poll_pause_ms = quiet ? earlier(reaper->poll_pause_ms * 3 / 2 + 1, longest) : FIRST_MS;
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
        busy ? FIRST_MS : earlier(reaper->news_pause_ms * 3 / 2 + 1, POLL_LAST_MS);
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

void tether__reaping_resume(tether__reaper *reaper)
{
    uv_mutex_lock(&reaper->catalog->state);
    bool poll_exits = reaper->poll_exits;
    bool inspect = reaper->inspect;
    reaper->inspect = false;
    uv_mutex_unlock(&reaper->catalog->state);
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

/* Makes the waiters look at the disk, for what the reaper does not try again. Takes `state`. */
static void alert_waiters(tether__reaper *reaper)
{
    uv_mutex_lock(&reaper->catalog->state);
    reaper->catalog->removals++;
    uv_mutex_unlock(&reaper->catalog->state);
    tether__catalog_notify(reaper->catalog);
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
        tether__catalog_inspect_again(reaper->catalog, entry);
        /* A task of another host may be seen for the first time. */
        next = tether__catalog_next_due(reaper->catalog, task_id);
    }
    uv_mutex_unlock(&reaper->catalog->disk);
    retry_after_failure(reaper, code);
    if (code == TETHER_ECORRUPT)
        alert_waiters(reaper);
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
        /* It may be the file of a holder that has closed. */
        tether__attention_note_move(&reaper->attention, tag);
        tether__catalog_notify(reaper->catalog);
    } else if ((name == NULL || strcmp(name, TETHER__JOURNAL_FILE) == 0) &&
               tether__os_file_stamp(reaper->catalog->session->journal, TETHER__JOURNAL_FILE,
                                     &stamp, NULL) != TETHER_OK) {
        note_removal(reaper, tag);
        tether__catalog_notify(reaper->catalog);
    }
}

void tether__reaping_take_event(tether__watch_event event, int tag, const char *name,
                                void *userdata)
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

/* The supervisor may have written its exit line just before; the inspection finds that line. */
void tether__reaping_take_exit(const char *task_id, void *userdata)
{
    tether__reaper *reaper = userdata;
    inspect_after_event(reaper, task_id);
    tether__attention_note_exit(&reaper->attention, task_id);
}
