/* Owns the public calls that look at tasks and kill them.
 * Must not: keep state, or return anything older than the disk.
 * Thread: any. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "kill.h"
#include "os_tree.h"
#include "refresh.h"
#include "registry.h"
#include "replay.h"
#include "snapshot.h"
#include "task_list.h"
#include "tether/task.h"

enum { SURVIVORS_LISTED = 64 };

/* What an ended task has left running. It is for people, so that a failure to look leaves it empty.
 */
static void add_survivors(const tether__entry *entry, tether_snapshot *snapshot)
{
    tether__tree tree = {.task_id = entry->id, .supervisor = entry->record.identity};
    int64_t pids[SURVIVORS_LISTED];
    size_t count = 0;
    if (!entry->ended ||
        tether__os_tree_members(&tree, pids, SURVIVORS_LISTED, &count, NULL) != TETHER_OK)
        return;
    if (count > SURVIVORS_LISTED)
        count = SURVIVORS_LISTED;
    snapshot->survivors = count > 0 ? malloc(count * sizeof *pids) : NULL;
    if (snapshot->survivors == NULL)
        return;
    memcpy(snapshot->survivors, pids, count * sizeof *pids);
    snapshot->survivor_count = count;
}

int tether_status_get(tether_registry *registry, const char *task_id, tether_snapshot **out,
                      tether_error *error)
{
    tether__entry *entry;
    *out = NULL;
    int code = tether__check_task_id(task_id, error);
    if (code != TETHER_OK)
        return code;
    tether_snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (snapshot == NULL)
        return tether__fail_memory(error, "make snapshot");
    uv_mutex_lock(&registry->catalog.disk);
    code = tether__refresh(&registry->catalog, task_id, TETHER__LOOK_NOW, &entry, error);
    if (code == TETHER_OK)
        code = tether__snapshot_fill(&registry->session, entry, snapshot, error);
    if (code == TETHER_OK)
        add_survivors(entry, snapshot);
    uv_mutex_unlock(&registry->catalog.disk);
    if (code != TETHER_OK) {
        free(snapshot);
        return code;
    }
    *out = snapshot;
    return TETHER_OK;
}

static int newest_first(const void *left, const void *right)
{
    const tether_snapshot *a = left, *b = right;
    if (a->started_at != b->started_at)
        return a->started_at < b->started_at ? 1 : -1;
    return strcmp(a->task_id, b->task_id);
}

static bool is_wanted(const tether__entry *entry, void *userdata)
{
    return *(const tether_list_scope *)userdata == TETHER_LIST_ALL || !entry->ended;
}

int tether_list(tether_registry *registry, tether_list_scope scope, tether_snapshot_list **list,
                tether_error *error)
{
    *list = NULL;
    int code =
        tether__replay(&registry->catalog, scope == TETHER_LIST_ALL, TETHER__LOOK_NOW, NULL, error);
    if (code == TETHER_OK)
        code = tether__task_list(registry, scope == TETHER_LIST_ALL, is_wanted, &scope,
                                 newest_first, list, error);
    return code;
}

/* Where another thread of this process is killing the task already, its kill is waited for, and
 * what came of it is looked at anew: it may have failed. */
static int end_task(tether_registry *registry, const char *task_id, int64_t grace_ms,
                    tether_error *error)
{
    bool mine = false;
    int code = TETHER_OK;
    while (code == TETHER_OK && !mine) {
        code = tether__kill_begin(&registry->catalog, task_id, TETHER__INTENT_KILL, grace_ms,
                                  TETHER__DRIVER_CALLER, &mine, error);
        if (code == TETHER_OK)
            code = tether__kill_finish(&registry->catalog, task_id, mine, error);
    }
    return code;
}

int tether_kill(tether_registry *registry, const char *task_id, const tether_kill_options *given,
                tether_error *error)
{
    tether_kill_options options = {0};
    int code = tether__check_task_id(task_id, error);
    if (code != TETHER_OK)
        return code;
    if (given != NULL) {
        size_t size = given->size == 0 ? sizeof options : given->size;
        memcpy(&options, given, size < sizeof options ? size : sizeof options);
    }
    if (options.signal < 0 || options.grace_ms < -1)
        return tether__fail(error, TETHER_EINVAL, 0, "kill task",
                            "the signal or the grace is negative");
    if (options.signal != 0)
        return tether__kill_signal(&registry->catalog, task_id, options.signal, error);
    return end_task(registry, task_id, options.grace_ms, error);
}

int tether_signal_number(const char *name)
{
    return name != NULL ? tether__os_signal_number(name) : 0;
}
