/* Owns the tasks in memory and the way from a verdict to a record.
 * Must not: send signals, know the loop, or hold `state` while it touches the disk.
 * Thread: any; the header says which lock each call is under. */
#include "catalog.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "os_clock.h"
#include "os_lifeline.h"
#include "status.h"

int tether__catalog_init(tether__catalog *catalog, tether__session *session, tether_error *error)
{
    *catalog = (tether__catalog){.session = session};
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
    free(entry);
}

void tether__catalog_dispose(tether__catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++)
        entry_free(catalog->entries[i]);
    free(catalog->entries);
    uv_cond_destroy(&catalog->changed);
    uv_mutex_destroy(&catalog->state);
    uv_mutex_destroy(&catalog->disk);
}

/* The place of an id in the sorted entries, or where it would be. */
static size_t place_of(const tether__catalog *catalog, const char *task_id, bool *found)
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
    size_t place = place_of(catalog, task_id, &found);
    return found ? catalog->entries[place] : NULL;
}

/* Adds an empty entry. Under `disk`. NULL when memory is short. */
static tether__entry *insert(tether__catalog *catalog, const char *task_id)
{
    tether__entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return NULL;
    tether__record_init(&entry->record);
    strcpy(entry->id, task_id);
    entry->watch_tag = -1;

    uv_mutex_lock(&catalog->state);
    if (catalog->count == catalog->room) {
        size_t room = catalog->room == 0 ? 64 : catalog->room * 2;
        tether__entry **entries = realloc(catalog->entries, room * sizeof(tether__entry *));
        if (entries == NULL) {
            uv_mutex_unlock(&catalog->state);
            free(entry);
            return NULL;
        }
        catalog->entries = entries;
        catalog->room = room;
    }
    bool found;
    size_t place = place_of(catalog, task_id, &found);
    memmove(catalog->entries + place + 1, catalog->entries + place,
            (catalog->count - place) * sizeof(tether__entry *));
    catalog->entries[place] = entry;
    catalog->count++;
    uv_mutex_unlock(&catalog->state);
    return entry;
}

void tether__catalog_forget(tether__catalog *catalog, const char *task_id)
{
    bool found;
    uv_mutex_lock(&catalog->state);
    size_t place = place_of(catalog, task_id, &found);
    tether__entry *entry = found ? catalog->entries[place] : NULL;
    if (found) {
        catalog->count--;
        memmove(catalog->entries + place, catalog->entries + place + 1,
                (catalog->count - place) * sizeof(tether__entry *));
        catalog->changes++;
        uv_cond_broadcast(&catalog->changed);
    }
    uv_mutex_unlock(&catalog->state);
    if (entry == NULL)
        return;
    if (entry->child.pid != 0)
        tether__os_process_reap(&entry->child);
    entry_free(entry);
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

int tether__catalog_ids(tether__catalog *catalog, bool ended, char (**ids)[TETHER_ID_SIZE],
                        size_t *count, tether_error *error)
{
    *count = 0;
    uv_mutex_lock(&catalog->state);
    *ids = calloc(catalog->count + 1, sizeof **ids);
    for (size_t i = 0; *ids != NULL && i < catalog->count; i++) {
        if (ended || !catalog->entries[i]->ended)
            strcpy((*ids)[(*count)++], catalog->entries[i]->id);
    }
    uv_mutex_unlock(&catalog->state);
    return *ids != NULL ? TETHER_OK : tether__fail_memory(error, "list tasks");
}

/* Publishes what waiters look at, from the entry's record. Under `disk`. */
static void publish(tether__catalog *catalog, tether__entry *entry)
{
    uv_mutex_lock(&catalog->state);
    bool was_ended = entry->ended;
    entry->status = entry->record.status;
    entry->ended = tether_status_ended(entry->status);
    entry->deadline_monotonic_ms = entry->ended ? 0 : entry->record.deadline_monotonic_ms;
    if (entry->ended && !was_ended) {
        entry->end_order = ++catalog->ends;
        if (entry->child.pid != 0)
            entry->reap_pause_ms = 1;
    }
    catalog->changes++;
    uv_cond_broadcast(&catalog->changed);
    uv_mutex_unlock(&catalog->state);
}

/* Reads the record where it differs from what the entry has. Under `disk`. */
static int reload(tether__catalog *catalog, tether__entry *entry, tether_error *error)
{
    tether__file_stamp stamp;
    int code = tether__bundle_stamp(catalog->session, entry->id, &stamp, error);
    if (code != TETHER_OK)
        return code;
    if (memcmp(&stamp, &entry->stamp, sizeof stamp) == 0)
        return TETHER_OK;
    tether__record fresh;
    tether__record_init(&fresh);
    code = tether__bundle_load(catalog->session, entry->id, &fresh, &stamp, error);
    if (code != TETHER_OK) {
        tether__record_dispose(&fresh);
        return code;
    }
    tether__record_dispose(&entry->record);
    entry->record = fresh;
    entry->stamp = stamp;
    entry->unsaved = false;
    return TETHER_OK;
}

static void take_end_times(tether__record *record, const tether__marker *marker)
{
    int64_t now = tether__os_wall_ms();
    int64_t uptime = tether__os_uptime_ms();
    bool told = marker->end != TETHER__END_NONE && !marker->damaged;
    record->finished_at = told && marker->modified_at > 0 ? marker->modified_at : now;
    record->duration_ms = -1;
    if (told)
        record->duration_ms = tether__duration(record->started_at, record->finished_at,
                                               record->started_uptime_ms, marker->uptime_ms);
    else if (record->status != TETHER_STATUS_LOST)
        record->duration_ms =
            tether__duration(record->started_at, now, record->started_uptime_ms, uptime);
}

/* Turns a verdict into the record's fields. */
static void apply(tether__record *record, const tether__verdict *verdict,
                  const tether__sight *sight)
{
    const tether__identity *said = &sight->marker.identity;
    if (record->identity.pid == 0 && said->pid != 0) {
        record->identity = *said;
        record->child_pid = said->pid;
    }
    record->status = verdict->status;
    if (verdict->step != TETHER__STEP_FINALISE)
        return;
    record->exit_code = verdict->exit_code;
    record->signal = verdict->signal;
    /* Without memory for its words a verdict still holds. */
    (void)tether__record_set(&record->reason, verdict->reason);
    take_end_times(record, &sight->marker);
}

static tether__verdict look_at(const tether__catalog *catalog, const tether__entry *entry,
                               bool replay, tether__sight *sight)
{
    tether__bundle_see(catalog->session, &entry->record, replay, sight);
    return tether__look(entry->record.status, entry->record.intent, sight);
}

/* A damaged marker is kept for inspection. The record says lost already, so that this may fail. */
static void put_aside_marker(const tether__catalog *catalog, const tether__entry *entry,
                             const tether__sight *sight)
{
    if (entry->record.status == TETHER_STATUS_LOST && sight->marker.present &&
        (sight->marker.damaged || sight->marker.unfinished))
        tether__marker_quarantine(catalog->session, entry->id, "corrupt exit marker", NULL);
}

/* Under `disk` and the session lock: looks again, since another host may have been faster, and
 * writes what follows. */
static int settle(tether__catalog *catalog, tether__entry *entry, bool replay, tether_error *error)
{
    tether__sight sight;
    int code = reload(catalog, entry, error);
    if (code != TETHER_OK || tether_status_ended(entry->record.status))
        return code;
    tether__verdict verdict = look_at(catalog, entry, replay, &sight);
    if (verdict.step != TETHER__STEP_RUN && verdict.step != TETHER__STEP_FINALISE)
        return TETHER_OK;
    if (!tether__status_allows(entry->record.status, verdict.status))
        return tether__fail(error, TETHER_ECORRUPT, 0, "finalise task",
                            "task %s cannot go from %s to %s", entry->id,
                            tether_status_text(entry->record.status),
                            tether_status_text(verdict.status));
    if (entry->record.read_only)
        return TETHER_OK;
    apply(&entry->record, &verdict, &sight);
    code = tether__bundle_save(catalog->session, &entry->record, &entry->stamp, error);
    if (verdict.step != TETHER__STEP_FINALISE)
        return code;
    /* The end is known whether or not it could be written: the marker stays, and says the same to
     * the next one who looks. */
    entry->unsaved = code != TETHER_OK;
    if (code == TETHER_OK) {
        tether__os_lifeline_seal(catalog->session->exits, entry->id);
        put_aside_marker(catalog, entry, &sight);
    }
    return code == TETHER_EGONE ? code : TETHER_OK;
}

static int settle_locked(tether__catalog *catalog, tether__entry *entry, bool replay,
                         tether_error *error)
{
    tether__lock lock;
    int code = tether__session_lock(catalog->session, &lock, error);
    if (code != TETHER_OK)
        return code;
    code = settle(catalog, entry, replay, error);
    tether__os_lock_release(&lock);
    return code;
}

/* An end that could not be written is written as soon as it can be. */
static void save_late(tether__catalog *catalog, tether__entry *entry)
{
    tether__lock lock;
    tether__file_stamp stamp;
    if (tether__session_lock(catalog->session, &lock, NULL) != TETHER_OK)
        return;
    /* Unless another host has done so meanwhile: then its record is read. */
    if (tether__bundle_stamp(catalog->session, entry->id, &stamp, NULL) == TETHER_OK &&
        memcmp(&stamp, &entry->stamp, sizeof stamp) == 0 &&
        tether__bundle_save(catalog->session, &entry->record, &entry->stamp, NULL) == TETHER_OK) {
        entry->unsaved = false;
        tether__os_lifeline_seal(catalog->session->exits, entry->id);
    }
    tether__os_lock_release(&lock);
}

/* A killing task without a driver here: its killer may be another host, which is given its time, or
 * may be dead. */
static void resume_kill(tether__catalog *catalog, tether__entry *entry)
{
    bool resumed = false;
    int64_t now = tether__os_monotonic_ms();
    int64_t takeover = entry->record.kill_takeover_ms;
    uv_mutex_lock(&catalog->state);
    if (entry->driver == TETHER__DRIVER_NONE && !entry->record.read_only) {
        tether__kill_start(&entry->kill, 0, takeover > now ? takeover : now);
        entry->driver = TETHER__DRIVER_LOOP;
        resumed = true;
    }
    uv_mutex_unlock(&catalog->state);
    if (resumed && catalog->wake != NULL)
        catalog->wake(catalog->wake_userdata);
}

static int refresh_entry(tether__catalog *catalog, tether__entry *entry, bool replay,
                         tether_error *error)
{
    tether__sight sight;
    tether_status before = entry->record.status;
    bool delivered_before = entry->record.delivered;
    int code = TETHER_OK;
    if (entry->unsaved)
        save_late(catalog, entry);
    code = reload(catalog, entry, error);
    if (code != TETHER_OK)
        return code;
    if (!tether_status_ended(entry->record.status)) {
        tether__verdict verdict = look_at(catalog, entry, replay, &sight);
        if (verdict.step == TETHER__STEP_RUN || verdict.step == TETHER__STEP_FINALISE)
            code = settle_locked(catalog, entry, replay, error);
        else if (verdict.step == TETHER__STEP_RESUME_KILL)
            resume_kill(catalog, entry);
    }
    if (entry->record.status != before || entry->record.status != entry->status ||
        entry->record.delivered != delivered_before)
        publish(catalog, entry);
    return code;
}

int tether__catalog_refresh(tether__catalog *catalog, const char *task_id, bool replay,
                            tether__entry **found, tether_error *error)
{
    if (found != NULL)
        *found = NULL;
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    bool is_new = entry == NULL;
    if (is_new) {
        /* Nothing is kept in memory for what is not on disk. */
        tether__file_stamp stamp;
        int code = tether__bundle_stamp(catalog->session, task_id, &stamp, error);
        if (code != TETHER_OK)
            return code;
        entry = insert(catalog, task_id);
        if (entry == NULL)
            return tether__fail_memory(error, "read task");
    }
    int code = refresh_entry(catalog, entry, replay, error);
    if (code == TETHER_ENOTASK || (is_new && entry->record.task_id == NULL)) {
        tether__catalog_forget(catalog, task_id);
        return code;
    }
    if (code == TETHER_OK && is_new)
        publish(catalog, entry);
    if (found != NULL)
        *found = entry;
    return code;
}

int tether__catalog_adopt(tether__catalog *catalog, tether__record *record,
                          const tether__file_stamp *stamp, const tether__identity *child,
                          tether_error *error)
{
    tether__entry *entry = tether__catalog_find(catalog, record->task_id);
    if (entry == NULL)
        entry = insert(catalog, record->task_id);
    if (entry == NULL)
        return tether__fail_memory(error, "note task");
    uv_mutex_lock(&catalog->state);
    entry->child = *child;
    uv_mutex_unlock(&catalog->state);
    /* Another thread may have read the record meanwhile, and may know more by now. */
    if (entry->record.task_id == NULL) {
        entry->record = *record;
        entry->stamp = *stamp;
    } else {
        tether__record_dispose(record);
    }
    tether__record_init(record);
    publish(catalog, entry);
    return TETHER_OK;
}

int tether__catalog_update(tether__catalog *catalog, const char *task_id,
                           bool (*change)(tether__record *record, void *userdata), void *userdata,
                           tether__entry **found, tether_error *error)
{
    tether__lock lock;
    tether__entry *entry;
    if (found != NULL)
        *found = NULL;
    int code = tether__catalog_refresh(catalog, task_id, false, &entry, error);
    if (code == TETHER_OK)
        code = tether__session_lock(catalog->session, &lock, error);
    if (code != TETHER_OK)
        return code;

    /* Nobody else writes while the lock is held: what is read now is what is changed. */
    code = reload(catalog, entry, error);
    if (code == TETHER_OK && entry->record.read_only)
        code = tether__fail(error, TETHER_EREADONLY, 0, "change task",
                            "task %s was written by a newer tether: change it with that", task_id);
    if (code == TETHER_OK && change(&entry->record, userdata)) {
        code = tether__bundle_save(catalog->session, &entry->record, &entry->stamp, error);
        if (code != TETHER_OK) /* what could not be written did not happen */
            entry->stamp = (tether__file_stamp){0};
        else
            publish(catalog, entry);
    }
    tether__os_lock_release(&lock);
    if (found != NULL && code == TETHER_OK)
        *found = entry;
    return code;
}
