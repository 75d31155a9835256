/* Owns the tasks in memory: the table, its locks, and the condition that waiters sleep on.
 * Must not: touch the disk, send signals, or use the loop.
 * Thread: any; the header names the locks of each call. */
#include "engine/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/grow.h"
#include "os/clock.h"

enum { AGAIN_MS = 20 }; /* until the second inspection after an event */
enum { MONITOR_PATIENCE_MS = TETHER__KILL_GRACE_MS + 3000 };
enum { SMALL_COUNT = 64 }; /* as many entries are never worth pruning */
enum { DONE_SHARE = 16 };  /* of the entries: as many done ones more are worth a run through all */

int tether__catalog_init(tether__catalog *catalog, tether__session *session, tether_error *error)
{
    *catalog =
        (tether__catalog){.session = session, .large_at = SMALL_COUNT, .done_limit = SMALL_COUNT};
    if (uv_mutex_init(&catalog->disk) != 0)
        return tether__fail_memory(error, "open registry");
    if (uv_mutex_init(&catalog->state) != 0) {
        uv_mutex_destroy(&catalog->disk);
        return tether__fail_memory(error, "open registry");
    }
    if (uv_cond_init(&catalog->changed) != 0) {
        uv_mutex_destroy(&catalog->state);
        uv_mutex_destroy(&catalog->disk);
        return tether__fail_memory(error, "open registry");
    }
    return TETHER_OK;
}

static void entry_free(tether__entry *entry)
{
    tether__record_dispose(&entry->record);
    tether__kin_dispose(&entry->kin);
    tether__os_witness_close(&entry->witness);
    free(entry);
}

void tether__catalog_drop_orphan(tether__entry **link)
{
    tether__entry *orphan = *link;
    *link = orphan->next_orphan;
    entry_free(orphan);
}

void tether__catalog_dispose(tether__catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++)
        entry_free(catalog->entries[i]);
    free(catalog->entries);
    free(catalog->scheduled);
    while (catalog->orphans != NULL)
        tether__catalog_drop_orphan(&catalog->orphans);
    tether__origins_free(catalog->origins);
    uv_cond_destroy(&catalog->changed);
    uv_mutex_destroy(&catalog->state);
    uv_mutex_destroy(&catalog->disk);
}

/* Returns the index of an id in the sorted entries, or the index at which to insert it. */
static size_t find_index(const tether__catalog *catalog, const char *task_id, bool *found)
{
    size_t low = 0, high = catalog->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(catalog->entries[middle]->id, task_id);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = false;
    return low;
}

tether__entry *tether__catalog_find(tether__catalog *catalog, const char *task_id)
{
    bool found;
    size_t index = find_index(catalog, task_id, &found);
    return found ? catalog->entries[index] : NULL;
}

tether__entry *tether__catalog_find_next(tether__catalog *catalog, const char *task_id,
                                         size_t *next)
{
    bool found = *next < catalog->count && strcmp(catalog->entries[*next]->id, task_id) == 0;
    size_t index = found ? *next : find_index(catalog, task_id, &found);
    *next = index + 1;
    return found ? catalog->entries[index] : NULL;
}

/* Makes sure that both arrays can take one more entry: scheduling an entry never allocates. The
 * caller holds `state`. */
static bool grow(tether__catalog *catalog)
{
    void *entries = catalog->entries, *scheduled = catalog->scheduled;
    if (!tether__grow(&entries, catalog->count, &catalog->capacity, sizeof(tether__entry *)))
        return false;
    catalog->entries = entries;
    if (!tether__grow(&scheduled, catalog->count, &catalog->scheduled_capacity,
                      sizeof(tether__entry *)))
        return false;
    catalog->scheduled = scheduled;
    return true;
}

void tether__catalog_schedule(tether__catalog *catalog, tether__entry *entry)
{
    if (entry->scheduled)
        return;
    entry->scheduled = true;
    entry->scheduled_index = catalog->scheduled_count;
    catalog->scheduled[catalog->scheduled_count++] = entry;
}

void tether__catalog_unschedule(tether__catalog *catalog, tether__entry *entry)
{
    if (!entry->scheduled)
        return;
    entry->scheduled = false;
    tether__entry *last = catalog->scheduled[--catalog->scheduled_count];
    catalog->scheduled[entry->scheduled_index] = last;
    last->scheduled_index = entry->scheduled_index;
}

tether__entry *tether__catalog_insert(tether__catalog *catalog, const char *task_id)
{
    tether__entry *entry = calloc(1, sizeof *entry + strlen(task_id) + 1);
    if (entry == NULL)
        return NULL;
    tether__record_init(&entry->record);
    entry->id = strcpy((char *)(entry + 1), task_id);
    entry->watch_tag = -1;

    uv_mutex_lock(&catalog->state);
    if (!grow(catalog)) {
        uv_mutex_unlock(&catalog->state);
        free(entry);
        return NULL;
    }
    bool found;
    size_t index = find_index(catalog, task_id, &found);
    memmove(catalog->entries + index + 1, catalog->entries + index,
            (catalog->count - index) * sizeof(tether__entry *));
    catalog->entries[index] = entry;
    catalog->count++;
    tether__catalog_schedule(catalog, entry);
    uv_mutex_unlock(&catalog->state);
    return entry;
}

void tether__entry_trim(tether__entry *entry)
{
    if (entry->record.task_id == NULL || entry->unsaved || !tether__record_is_done(&entry->record))
        return;
    tether__record_trim(&entry->record);
    entry->stamp = (tether__file_stamp){0};
}

bool tether__catalog_reap(tether__catalog *catalog, const char *task_id)
{
    uv_mutex_lock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    bool has_child = entry != NULL && entry->child.pid != 0;
    bool reaped = !has_child || tether__child_reap(&entry->child);
    uv_mutex_unlock(&catalog->state);
    return reaped;
}

/* Undoes what the table counts and lists for an entry. The caller holds `disk` and `state`. */
static void detach(tether__catalog *catalog, tether__entry *entry)
{
    tether__catalog_unschedule(catalog, entry);
    if (entry->done)
        catalog->done_count--;
}

/* Removes an entry from the table. The caller holds `disk` and `state`. */
static void take_out(tether__catalog *catalog, size_t index)
{
    detach(catalog, catalog->entries[index]);
    catalog->count--;
    memmove(catalog->entries + index, catalog->entries + index + 1,
            (catalog->count - index) * sizeof(tether__entry *));
}

void tether__catalog_drop(tether__catalog *catalog, tether__entry *entry)
{
    bool found;
    uv_mutex_lock(&catalog->state);
    take_out(catalog, find_index(catalog, entry->id, &found));
    uv_mutex_unlock(&catalog->state);
    entry_free(entry);
}

/* The caller holds `disk` and `state`. */
static void drop_done(tether__catalog *catalog, bool (*is_idle)(const tether__entry *))
{
    size_t kept = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        tether__entry *entry = catalog->entries[i];
        if (!entry->done || !is_idle(entry)) {
            catalog->entries[kept++] = entry;
            continue;
        }
        detach(catalog, entry);
        entry_free(entry);
    }
    catalog->count = kept;
    catalog->done_limit = catalog->done_count + kept / DONE_SHARE + SMALL_COUNT;
}

void tether__catalog_drop_done(tether__catalog *catalog, bool (*is_idle)(const tether__entry *))
{
    uv_mutex_lock(&catalog->state);
    bool many = catalog->done_count >= catalog->done_limit;
    uv_mutex_unlock(&catalog->state);
    if (!many)
        return;
    uv_mutex_lock(&catalog->disk);
    uv_mutex_lock(&catalog->state);
    if (catalog->holds == 0)
        drop_done(catalog, is_idle);
    uv_mutex_unlock(&catalog->state);
    uv_mutex_unlock(&catalog->disk);
}

void tether__catalog_hold(tether__catalog *catalog)
{
    uv_mutex_lock(&catalog->disk);
    catalog->holds++;
    uv_mutex_unlock(&catalog->disk);
}

void tether__catalog_release(tether__catalog *catalog)
{
    uv_mutex_lock(&catalog->disk);
    catalog->holds--;
    uv_mutex_unlock(&catalog->disk);
}

bool tether__catalog_is_large(tether__catalog *catalog)
{
    uv_mutex_lock(&catalog->state);
    bool large = catalog->count >= catalog->large_at;
    uv_mutex_unlock(&catalog->state);
    return large;
}

void tether__catalog_set_large(tether__catalog *catalog)
{
    uv_mutex_lock(&catalog->state);
    catalog->large_at = catalog->count * 2 + SMALL_COUNT;
    uv_mutex_unlock(&catalog->state);
}

/* Keeps of an entry only what the reaping of its child needs. It stays the same piece of memory, so
 * that no lack of memory loses a child. The caller holds `disk` and `state`. */
static void make_orphan(tether__catalog *catalog, tether__entry *entry)
{
    tether__record_dispose(&entry->record);
    tether__kin_dispose(&entry->kin);
    tether__os_witness_close(&entry->witness);
    entry->reap_pause_ms = 1;
    entry->reap_at = 0;
    entry->next_orphan = catalog->orphans;
    catalog->orphans = entry;
}

void tether__catalog_forget(tether__catalog *catalog, const char *task_id)
{
    bool found, orphaned = false;
    uv_mutex_lock(&catalog->state);
    size_t index = find_index(catalog, task_id, &found);
    tether__entry *entry = found ? catalog->entries[index] : NULL;
    if (found) {
        take_out(catalog, index);
        catalog->changes++;
        uv_cond_broadcast(&catalog->changed);
        orphaned = entry->child.pid != 0 && !tether__child_reap(&entry->child);
        if (orphaned)
            make_orphan(catalog, entry);
    }
    uv_mutex_unlock(&catalog->state);
    if (found && !orphaned)
        entry_free(entry);
    if (orphaned && catalog->wake != NULL)
        catalog->wake(catalog->wake_userdata);
}

void tether__catalog_inspect_again(tether__catalog *catalog, tether__entry *entry)
{
    uv_mutex_lock(&catalog->state);
    if (!entry->ended && entry->inspect_at == 0)
        entry->inspect_at = tether__os_monotonic_ms() + AGAIN_MS;
    uv_mutex_unlock(&catalog->state);
}

int64_t tether__catalog_next_due(tether__catalog *catalog, const char *task_id)
{
    int64_t due = INT64_MAX;
    uv_mutex_lock(&catalog->state);
    const tether__entry *entry = tether__catalog_find(catalog, task_id);
    if (entry != NULL) {
        const int64_t due_times[] = {entry->inspect_at, entry->deadline_monotonic_ms,
                                     entry->reminder_at};
        for (size_t i = 0; i < sizeof due_times / sizeof due_times[0]; i++) {
            if (due_times[i] > 0 && due_times[i] < due)
                due = due_times[i];
        }
    }
    uv_mutex_unlock(&catalog->state);
    return due;
}

void tether__catalog_notify(tether__catalog *catalog)
{
    uv_mutex_lock(&catalog->state);
    catalog->changes++;
    uv_cond_broadcast(&catalog->changed);
    uv_mutex_unlock(&catalog->state);
}

bool tether__catalog_wait(tether__catalog *catalog, uint64_t seen, int64_t timeout_ms)
{
    int64_t deadline = timeout_ms < 0 ? -1 : tether__os_monotonic_ms() + timeout_ms;
    while (catalog->changes == seen) {
        if (deadline < 0) {
            uv_cond_wait(&catalog->changed, &catalog->state);
            continue;
        }
        int64_t left = deadline - tether__os_monotonic_ms();
        if (left <= 0)
            return false;
        uv_cond_timedwait(&catalog->changed, &catalog->state, (uint64_t)left * 1000000);
    }
    return true;
}

static bool is_in_scope(const tether__entry *entry, tether__scope scope)
{
    if (scope == TETHER__SCOPE_LIVE)
        return !entry->ended;
    return scope == TETHER__SCOPE_ALL || !entry->done;
}

int tether__catalog_ids(tether__catalog *catalog, tether__scope scope, char (**ids)[TETHER_ID_SIZE],
                        size_t *count, tether_error *error)
{
    *count = 0;
    uv_mutex_lock(&catalog->state);
    *ids = calloc(catalog->count + 1, sizeof **ids);
    for (size_t i = 0; *ids != NULL && i < catalog->count; i++) {
        if (is_in_scope(catalog->entries[i], scope))
            strcpy((*ids)[(*count)++], catalog->entries[i]->id);
    }
    uv_mutex_unlock(&catalog->state);
    return *ids != NULL ? TETHER_OK : tether__fail_memory(error, "list tasks");
}

/* Queues one CANCEL event for a proxy task of this process that is being killed. The caller holds
 * `state`. */
static void send_cancel(tether__catalog *catalog, tether__entry *entry)
{
    if (!entry->own_proxy || entry->cancel_sent || entry->status != TETHER_STATUS_KILLING)
        return;
    entry->cancel_sent = true;
    tether__events_task(catalog->events, TETHER_EVENT_CANCEL, entry->id, 0);
}

tether__identity tether__entry_supervisor(const tether__entry *entry)
{
    return entry->child.pid != 0 ? tether__child_identity(&entry->child)
                                 : tether__record_identity(&entry->record);
}

int64_t tether__entry_elapsed(const tether__entry *entry)
{
    int64_t started = entry->started_uptime_ms;
    return started > 0 ? tether__os_uptime_ms() - started : 0;
}

/* Returns when the task will have run for the next whole interval; 0: no reminder is wanted. */
static int64_t next_reminder(const tether__catalog *catalog, const tether__entry *entry)
{
    if (catalog->reminder_ms <= 0 || !tether__events_has_listener(catalog->events))
        return 0;
    int64_t rest = catalog->reminder_ms - tether__entry_elapsed(entry) % catalog->reminder_ms;
    return tether__os_monotonic_ms() + rest;
}

/* Queues the events that follow from the entry's new state. The caller holds `disk` and `state`. */
static void queue_events(tether__catalog *catalog, tether__entry *entry)
{
    const tether__record *record = &entry->record;
    if (!entry->ended && !entry->started_sent) {
        entry->started_sent = true;
        entry->reminder_at = next_reminder(catalog, entry);
        if (!catalog->opening)
            tether__events_task(catalog->events, TETHER_EVENT_STARTED, entry->id, 0);
    }
    if (!entry->ended)
        return;
    entry->reminder_at = 0;
    if (entry->wants_on_end && catalog->on_end != NULL)
        catalog->on_end(entry->id, catalog->on_end_userdata);
    if (!entry->completion_sent && record->notify_on_completion && !record->completion_delivered &&
        !record->read_only) {
        entry->completion_sent = true;
        tether__events_task(catalog->events, TETHER_EVENT_COMPLETION, entry->id, 0);
    }
}

/* Requests an event for the exit of the supervisor, once its identity is known. A proxy task of
 * this process needs no event: a call of this process ends the task. The caller holds `disk` and
 * `state`. */
static void request_exit_event(tether__catalog *catalog, tether__entry *entry)
{
    const tether__identity supervisor = tether__entry_supervisor(entry);
    if (catalog->watch_exit == NULL || entry->exit_watched || entry->ended || entry->own_proxy ||
        supervisor.pid == 0)
        return;
    entry->exit_watched = catalog->watch_exit(entry->id, &supervisor, catalog->wake_userdata);
}

int64_t tether__catalog_deadline(const tether__record *record)
{
    bool waits = record->deadline_monotonic_ms > 0 && tether__record_is_monitored(record);
    return record->deadline_monotonic_ms + (waits ? MONITOR_PATIENCE_MS : 0);
}

void tether__catalog_publish(tether__catalog *catalog, tether__entry *entry)
{
    const tether__kept_identity *named = &entry->record.identity;
    uv_mutex_lock(&catalog->state);
    bool was_ended = entry->ended, was_killing = entry->status == TETHER_STATUS_KILLING;
    bool was_done = entry->done;
    /* The start time could not be read at the start, such as for lack of descriptors; the
     * supervisor has written it since. Without it the child could not be reaped. */
    if (entry->child.pid != 0 && entry->child.start_time == 0 && named->pid == entry->child.pid)
        entry->child.start_time = named->start_time;
    entry->status = entry->record.status;
    entry->started_uptime_ms = entry->record.started_uptime_ms;
    entry->ended = tether_status_ended(entry->status);
    entry->done = tether__record_is_done(&entry->record);
    catalog->done_count += (size_t)entry->done - (size_t)was_done;
    if (entry->status != TETHER_STATUS_STARTING)
        entry->inspect_at = 0;
    entry->deadline_monotonic_ms = entry->ended ? 0 : tether__catalog_deadline(&entry->record);
    if (entry->ended && !was_ended) {
        entry->finished_at = entry->record.finished_at;
        if (entry->child.pid != 0)
            entry->reap_pause_ms = 1;
    }
    queue_events(catalog, entry);
    send_cancel(catalog, entry);
    request_exit_event(catalog, entry);
    tether__catalog_schedule(catalog, entry);
    catalog->changes++;
    uv_cond_broadcast(&catalog->changed);
    bool to_reap = was_killing && entry->ended && entry->child.pid != 0;
    uv_mutex_unlock(&catalog->state);
    /* The supervisor's exit may have raised its event while the kill was not over. No other event
     * makes the reaper reap the child. */
    if (to_reap && catalog->wake != NULL)
        catalog->wake(catalog->wake_userdata);
}

int tether__catalog_add(tether__catalog *catalog, tether__record *record,
                        const tether__file_stamp *stamp, const tether__identity *child,
                        tether_error *error)
{
    uv_mutex_lock(&catalog->state);
    const tether__origin *origin = tether__origin_find(&catalog->origins, child);
    uv_mutex_unlock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, record->task_id);
    if (entry == NULL && origin != NULL)
        entry = tether__catalog_insert(catalog, record->task_id);
    if (entry == NULL || origin == NULL)
        return tether__fail_memory(error, "note task");
    uv_mutex_lock(&catalog->state);
    entry->child = (tether__child){child->pid, child->start_time, child->pidfs_id, origin};
    uv_mutex_unlock(&catalog->state);
    /* If a refresh has already read the task's record into the entry, that record may be newer than
     * the caller's, and stays. */
    if (entry->record.task_id == NULL) {
        entry->record = *record;
        entry->stamp = *stamp;
        entry->exact = true;
        entry->refreshed_at = ++catalog->logical_clock;
    } else {
        tether__record_dispose(record);
    }
    tether__record_init(record);
    tether__catalog_publish(catalog, entry);
    return TETHER_OK;
}
