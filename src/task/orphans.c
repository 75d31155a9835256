/* Owns finding the ended tasks of which processes still live.
 * Must not: change a task, or list the system's processes once for each.
 * Thread: any. */
#include "task/orphans.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/refresh.h"
#include "os/lifeline.h"
#include "os/tree.h"
#include "store/bundle.h"
#include "task/task.h"

static bool is_held(const tether__session *session, const char *task_id)
{
    bool held = false;
    return tether__os_lifeline_held(session->exits, task_id, &held, NULL) == TETHER_OK && held;
}

/* A monitor stays for what is left. One that was killed cannot, so the number that it has written
 * counts. A script does not look. */
bool tether__orphans_possible(const tether__session *session, const tether__entry *entry)
{
    char boot_id[TETHER__BOOT_ID_SIZE];
    const tether__record *record = &entry->record;
    if (!entry->ended || tether__record_is_proxy(record))
        return false;
    tether__here_boot_id(&session->store->here, boot_id);
    if (strcmp(record->boot_id, boot_id) != 0 && record->boot_id[0] != '\0' && boot_id[0] != '\0')
        return false;
    return !tether__record_is_monitored(record) || record->survivor_count != 0 ||
           is_held(session, entry->id);
}

/* Finds the supervisors, by which a listing finds processes. The others are found again one by one.
 */
static void describe_trees(tether__catalog *catalog, const tether_snapshot_list *list,
                           tether__tree *trees)
{
    for (size_t i = 0; i < list->count; i++) {
        tether__entry *entry;
        trees[i] = (tether__tree){.task_id = list->items[i]->task_id};
        uv_mutex_lock(&catalog->disk);
        if (tether__refresh(catalog, trees[i].task_id, TETHER__INSPECT_LIST, &entry, NULL) ==
            TETHER_OK)
            trees[i].supervisor = tether__record_identity(&entry->record);
        uv_mutex_unlock(&catalog->disk);
    }
}

/* Returns whether something of the task lives. */
static bool has_orphans(tether__catalog *catalog, const tether__listing *listing,
                        tether_snapshot *snapshot)
{
    tether__entry *entry;
    bool has = false;
    uv_mutex_lock(&catalog->disk);
    if (tether__refresh(catalog, snapshot->task_id, TETHER__INSPECT_LIST, &entry, NULL) ==
        TETHER_OK) {
        tether__task_survivors(entry, listing, snapshot);
        has = snapshot->survivors_known ? snapshot->survivor_total > 0
                                        : tether__record_is_monitored(&entry->record) &&
                                              is_held(catalog->session, snapshot->task_id);
    }
    uv_mutex_unlock(&catalog->disk);
    return has;
}

int tether__orphans_keep(tether__catalog *catalog, tether_snapshot_list *list, tether_error *error)
{
    tether__listing *listing = NULL;
    size_t kept = 0;
    if (list->count == 0)
        return TETHER_OK;
    tether__tree *trees = calloc(list->count, sizeof *trees);
    if (trees == NULL)
        return tether__fail_memory(error, "list tasks");
    describe_trees(catalog, list, trees);
    int code = tether__os_tree_list(trees, list->count, &listing, error);
    for (size_t i = 0; code == TETHER_OK && i < list->count; i++) {
        if (has_orphans(catalog, listing, list->items[i]))
            list->items[kept++] = list->items[i];
        else
            tether_snapshot_free(list->items[i]);
    }
    if (code == TETHER_OK)
        list->count = kept;
    tether__os_tree_list_free(listing);
    free(trees);
    return code;
}
