/* Owns the tasks in memory: the table, its locks, those who wait for changes.
 * Must not: touch the disk, send signals, or know the loop.
 * Thread: any; the header says which lock each call is under. */
#include "catalog.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "os_clock.h"

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

tether__entry *tether__catalog_insert(tether__catalog *catalog, const char *task_id)
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

void tether__catalog_publish(tether__catalog *catalog, tether__entry *entry)
{
    uv_mutex_lock(&catalog->state);
    bool was_ended = entry->ended;
    entry->status = entry->record.status;
    entry->ended = tether_status_ended(entry->status);
    if (entry->status != TETHER_STATUS_STARTING)
        entry->run_due = 0;
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

int tether__catalog_adopt(tether__catalog *catalog, tether__record *record,
                          const tether__file_stamp *stamp, const tether__identity *child,
                          tether_error *error)
{
    tether__entry *entry = tether__catalog_find(catalog, record->task_id);
    if (entry == NULL)
        entry = tether__catalog_insert(catalog, record->task_id);
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
    tether__catalog_publish(catalog, entry);
    return TETHER_OK;
}
