/* Owns the public calls that return a task's state and that kill tasks.
 * Must not: keep state, or return a state that is older than the disk's.
 * Thread: any. */
#include <stdlib.h>
#include <string.h>

#include "format/name.h"
#include "base/error.h"
#include "base/options.h"
#include "engine/core.h"
#include "engine/kill.h"
#include "engine/refresh.h"
#include "engine/snapshot.h"
#include "engine/waiting.h"
#include "format/snapshot.h"
#include "os/process.h"
#include "os/signal.h"
#include "os/tree.h"
#include "output/compress.h"
#include "task/task.h"
#include "tether/task.h"

enum { SURVIVORS_LISTED = 64 };
enum { START_PAUSE_MS = 2 };

/* A supervisor that has reported the end may still be exiting, and does not count as a leftover
 * process. */
static bool is_survivor(const tether__entry *entry, int64_t pid)
{
    return pid != entry->record.identity.pid || entry->record.status == TETHER_STATUS_LOST ||
           !entry->ended;
}

void tether__task_survivors(tether__entry *entry, const tether__listing *listing,
                            tether_snapshot *snapshot)
{
    tether__tree tree;
    int64_t pids[SURVIVORS_LISTED];
    size_t count = 0;
    char name[TETHER__PROCESS_NAME_SIZE];
    bool can_have_some = entry->ended ? !tether__record_left_nothing(&entry->record)
                                      : entry->status == TETHER_STATUS_KILLING &&
                                            !tether__record_is_proxy(&entry->record);
    tether__snapshot_forget_survivors(snapshot);
    tether__bundle_tree(&entry->record, &entry->kin, &tree);
    tree.listing = listing;
    if (can_have_some &&
        tether__os_tree_members(&tree, pids, SURVIVORS_LISTED, &count, NULL) != TETHER_OK)
        return;
    size_t total = count;
    for (size_t i = 0; i < count && i < SURVIVORS_LISTED; i++) {
        tether__os_process_name(pids[i], name);
        if (!is_survivor(entry, pids[i])) {
            total--;
        } else if (!tether__snapshot_add_survivor(snapshot, pids[i], name)) {
            tether__snapshot_forget_survivors(snapshot);
            return;
        }
    }
    snapshot->survivors_known = true;
    snapshot->survivor_total = (int64_t)total;
}

static int make_snapshot(tether_registry *registry, const char *task_id, bool survivors,
                         tether_snapshot **out, tether_error *error)
{
    tether__entry *entry;
    tether_snapshot *snapshot = tether__snapshot_new();
    *out = NULL;
    if (snapshot == NULL)
        return tether__fail_memory(error, "make snapshot");
    uv_mutex_lock(&registry->catalog.disk);
    int code = tether__refresh(&registry->catalog, task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code == TETHER_OK)
        code = tether__snapshot_fill(&registry->session, entry, snapshot, error);
    if (code == TETHER_OK && survivors)
        tether__task_survivors(entry, NULL, snapshot);
    if (code == TETHER_OK)
        tether__entry_trim(entry);
    uv_mutex_unlock(&registry->catalog.disk);
    if (code != TETHER_OK) {
        free(snapshot);
        return code;
    }
    tether__compress_preview(registry, snapshot);
    *out = snapshot;
    return TETHER_OK;
}

int tether__task_snapshot(tether_registry *registry, const char *task_id, tether_snapshot **out,
                          tether_error *error)
{
    return make_snapshot(registry, task_id, false, out, error);
}

int tether_status_get(tether_registry *registry, const char *task_id, tether_snapshot **out,
                      tether_error *error)
{
    *out = NULL;
    int code = tether__check_task_id(task_id, error);
    return code == TETHER_OK ? make_snapshot(registry, task_id, true, out, error) : code;
}

/* If another thread of this process drives a kill of the task, waits for that kill and then tries
 * again, because that kill may have failed. */
static int kill_task(tether_registry *registry, const char *task_id, int64_t grace_ms,
                     tether_error *error)
{
    bool appointed = false;
    int code = TETHER_OK;
    while (code == TETHER_OK && !appointed) {
        code = tether__kill_begin(&registry->catalog, task_id, TETHER__INTENT_KILL, grace_ms,
                                  TETHER__DRIVER_CALLER, &appointed, error);
        if (code == TETHER_OK)
            code = tether__kill_finish(&registry->catalog, task_id, appointed, error);
    }
    return code;
}

/* Retries until the task has started its command: before that, only its supervisor would get the
 * signal. */
static int send_when_started(tether_registry *registry, const char *task_id, int number,
                             tether_error *error)
{
    tether__wait wait;
    bool sent = false;
    int code = tether__wait_begin_start(registry, "signal task", &wait, error);
    while (code == TETHER_OK) {
        code = tether__wait_prepare(&wait, error);
        if (code == TETHER_OK)
            code = tether__kill_signal(&registry->catalog, task_id, number, &sent, error);
        if (code != TETHER_OK || sent)
            break;
        code = tether__wait_nap(&wait, START_PAUSE_MS, NULL);
        if (code == TETHER_ETIMEDOUT)
            tether__fail(error, code, 0, "signal task",
                         "task %s has not started its command yet, or has been paused before that; "
                         "resume it, or try again",
                         task_id);
    }
    tether__wait_end(&wait);
    return code;
}

int tether_kill(tether_registry *registry, const char *task_id, const tether_kill_options *given,
                tether_error *error)
{
    tether_kill_options options = {0};
    int code = tether__check_task_id(task_id, error);
    if (code == TETHER_OK)
        code = tether__options_take(given, &options, sizeof options, NULL, "tether_kill_options",
                                    error);
    if (code != TETHER_OK)
        return code;
    if (options.signal < 0 || options.grace_ms < -1)
        return tether__fail(error, TETHER_EINVAL, 0, "kill task",
                            "the signal or the grace is negative");
    if (options.signal != 0)
        return send_when_started(registry, task_id, options.signal, error);
    return kill_task(registry, task_id, options.grace_ms, error);
}

int tether_exit_status(const tether_snapshot *snapshot)
{
    enum { UNKNOWN = 125 };
    if (!tether_status_ended(snapshot->status) || snapshot->exit_code == TETHER_EXIT_UNKNOWN)
        return UNKNOWN;
    return (int)(uint32_t)snapshot->exit_code;
}

int tether_signal_number(const char *name)
{
    return name != NULL ? tether__os_signal_number(name) : 0;
}
