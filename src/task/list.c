/* Owns building lists of snapshots.
 * Must not: hold a lock of the catalog for longer than one task takes.
 * Thread: any. */
#include "task/list.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/refresh.h"
#include "engine/snapshot.h"
#include "format/snapshot.h"

static int add_task(tether__catalog *catalog, const char *task_id,
                    bool (*matches)(const tether__entry *entry, void *userdata), void *userdata,
                    tether_snapshot_list *list, tether_error *error)
{
    tether__entry *entry;
    tether_error problem = {0};
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, task_id, TETHER__INSPECT_NOW, &entry, &problem);
    if (code == TETHER_OK && matches(entry, userdata)) {
        tether_snapshot *snapshot = tether__snapshot_new();
        code = snapshot != NULL ? tether__snapshot_fill(catalog->session, entry, snapshot, &problem)
                                : tether__fail_memory(&problem, "list tasks");
        if (code == TETHER_OK)
            list->items[list->count++] = snapshot;
        else
            tether_snapshot_free(snapshot);
    }
    uv_mutex_unlock(&catalog->disk);
    /* A task that was removed or damaged must not hide the others. */
    if (code == TETHER_OK || code == TETHER_ENOTASK || code == TETHER_ECORRUPT)
        return TETHER_OK;
    tether__error_set(error, &problem);
    return code;
}

int tether__task_list(tether__catalog *catalog, tether__scope scope,
                      bool (*matches)(const tether__entry *entry, void *userdata), void *userdata,
                      int (*order)(const void *left, const void *right), tether_snapshot_list **out,
                      tether_error *error)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    *out = NULL;
    int code = tether__catalog_ids(catalog, scope, &ids, &count, error);
    if (code != TETHER_OK)
        return code;
    tether_snapshot_list *list = tether__snapshot_list_new(count);
    if (list == NULL)
        code = tether__fail_memory(error, "list tasks");
    for (size_t i = 0; code == TETHER_OK && i < count; i++)
        code = add_task(catalog, ids[i], matches, userdata, list, error);
    free(ids);
    if (code != TETHER_OK) {
        tether_snapshot_list_free(list);
        return code;
    }
    qsort((void *)list->items, list->count, sizeof *list->items, order);
    *out = list;
    return TETHER_OK;
}

bool tether__task_list_append(tether_snapshot_list *all, tether_snapshot_list *some)
{
    size_t count = all->count + some->count;
    tether_snapshot **items = realloc((void *)all->items, (count + 1) * sizeof *items);
    if (items == NULL)
        return false;
    all->items = items;
    if (some->count > 0)
        memcpy((void *)(items + all->count), (void *)some->items, some->count * sizeof *items);
    all->count = count;
    some->count = 0;
    return true;
}
