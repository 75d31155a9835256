/* Owns dropping the catalog's entries that nobody needs any more.
 * Must not: drop an entry for which this registry still has work, or change a record.
 * Thread: the loop's. */
#include "engine/prune.h"

#include <stdlib.h>

#include "engine/refresh.h"
#include "store/ledger.h"

/* Returns whether the registry has no work left with an ended task: then a later call that needs
 * the entry reads it from the disk again. The caller holds `disk` and `state`. */
static bool is_idle(const tether__entry *entry)
{
    return entry->ended && entry->child.pid == 0 && entry->driver == TETHER__DRIVER_NONE &&
           entry->followers == 0 && !entry->unsaved && !entry->record.on_end_open &&
           (entry->record.output_limit <= 0 || entry->cap.done);
}

/* The caller holds `disk`; takes `state`. */
static bool is_idle_now(tether__catalog *catalog, const tether__entry *entry)
{
    uv_mutex_lock(&catalog->state);
    bool idle = is_idle(entry);
    uv_mutex_unlock(&catalog->state);
    return idle;
}

/* Whether nothing about an ended task is left to do, also for other hosts. A task that has left the
 * journal was removed or is in an archive. The caller holds `disk`. */
static bool is_over(tether__catalog *catalog, tether__entry **entry)
{
    tether__file_stamp stamp;
    const char *id = (*entry)->id;
    if ((*entry)->done ||
        tether__ledger_stamp(catalog->session, id, &stamp, NULL) == TETHER_ENOTASK)
        return true;
    return tether__refresh(catalog, id, TETHER__INSPECT_NOW, entry, NULL) == TETHER_OK &&
           (*entry)->done;
}

/* The caller holds `disk`. */
static void prune_one(tether__catalog *catalog, const char *task_id)
{
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    if (entry != NULL && is_idle_now(catalog, entry) && is_over(catalog, &entry) &&
        is_idle_now(catalog, entry))
        tether__catalog_drop(catalog, entry);
}

static bool is_held(tether__catalog *catalog)
{
    uv_mutex_lock(&catalog->disk);
    bool held = catalog->holds > 0;
    uv_mutex_unlock(&catalog->disk);
    return held;
}

/* Drops also what this registry does not know to be done. */
static void prune_by_disk(tether__catalog *catalog)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    bool stopped = false;
    if (!tether__catalog_is_large(catalog) || is_held(catalog) ||
        tether__catalog_ids(catalog, TETHER__SCOPE_ALL, &ids, &count, NULL) != TETHER_OK)
        return;
    for (size_t i = 0; !stopped && i < count; i++) {
        uv_mutex_lock(&catalog->disk);
        stopped = catalog->holds > 0;
        if (!stopped)
            prune_one(catalog, ids[i]);
        uv_mutex_unlock(&catalog->disk);
    }
    free(ids);
    if (!stopped)
        tether__catalog_set_large(catalog);
}

void tether__prune(tether__catalog *catalog)
{
    tether__catalog_drop_done(catalog, is_idle);
    prune_by_disk(catalog);
}
