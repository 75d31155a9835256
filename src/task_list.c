/* Owns the making of lists of snapshots.
 * Must not: hold the catalog's locks for longer than one task takes.
 * Thread: any. */
#include "task_list.h"

#include <stdlib.h>

#include "error.h"
#include "refresh.h"
#include "snapshot.h"

static int add_task(tether_registry *registry, const char *task_id,
                    bool (*wanted)(const tether__entry *entry, void *userdata), void *userdata,
                    tether_snapshot_list *list, tether_error *error)
{
    tether__entry *entry;
    tether__catalog *catalog = &registry->catalog;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, task_id, TETHER__LOOK_NOW, &entry, error);
    if (code == TETHER_OK && wanted(entry, userdata)) {
        code = tether__snapshot_fill(&registry->session, entry, &list->items[list->count], error);
        if (code == TETHER_OK)
            list->count++;
    }
    uv_mutex_unlock(&catalog->disk);
    /* One that was removed or damaged meanwhile is no reason to show none. */
    return code == TETHER_ENOTASK || code == TETHER_ECORRUPT ? TETHER_OK : code;
}

int tether__task_list(tether_registry *registry, bool ended,
                      bool (*wanted)(const tether__entry *entry, void *userdata), void *userdata,
                      int (*order)(const void *left, const void *right), tether_snapshot_list **out,
                      tether_error *error)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    *out = NULL;
    int code = tether__catalog_ids(&registry->catalog, ended, &ids, &count, error);
    if (code != TETHER_OK)
        return code;
    tether_snapshot_list *list = calloc(1, sizeof *list);
    if (list != NULL)
        list->items = calloc(count + 1, sizeof *list->items);
    if (list == NULL || list->items == NULL)
        code = tether__fail_memory(error, "list tasks");
    for (size_t i = 0; code == TETHER_OK && i < count; i++)
        code = add_task(registry, ids[i], wanted, userdata, list, error);
    free(ids);
    if (code != TETHER_OK) {
        tether_snapshot_list_free(list);
        return code;
    }
    qsort(list->items, list->count, sizeof *list->items, order);
    *out = list;
    return TETHER_OK;
}
