/* Owns the removal of one ended task at the request of a caller.
 * Must not: remove a task that runs, or whose completion another registry leases.
 * Thread: any. */
#include <uv.h>

#include "base/error.h"
#include "engine/core.h"
#include "engine/refresh.h"
#include "format/name.h"
#include "os/clock.h"
#include "os/lifeline.h"
#include "os/scope.h"
#include "store/bundle.h"
#include "tether/store.h"

static const char step[] = "remove task";

enum { SUPERVISOR_PATIENCE_MS = 2000, MONITOR_PATIENCE_MS = 50, PAUSE_MS = 2 };

static int fail_not_ended(const char *task_id, const char *why, tether_error *error)
{
    return tether__fail(error, TETHER_ENOTENDED, 0, step, "task %s %s", task_id, why);
}

/* Returns TETHER_OK if the record allows the removal. Final only while the caller holds the session
 * lock. */
static int check_record(tether_registry *registry, const tether__record *record,
                        tether_error *error)
{
    const char *holder = record->lease_holder;
    if (record->read_only)
        return tether__fail(
            error, TETHER_EREADONLY, 0, step,
            "task %s was written by a newer version of tether; use that version to remove it",
            record->task_id);
    if (!tether_status_ended(record->status))
        return fail_not_ended(record->task_id, "has not ended; kill it or wait for it first",
                              error);
    if (!record->completion_delivered && holder != NULL &&
        !tether__holder_is(&registry->holder, holder) &&
        tether__holder_alive(&registry->holder, holder))
        return tether__fail(error, TETHER_ELEASED, 0, step,
                            "another host has leased the completion of task %s; try again when it "
                            "has acknowledged or released it, or has ended",
                            record->task_id);
    return TETHER_OK;
}

/* Removes the task unless its lifeline is held or its supervisor is still exiting: then *held is
 * true. If the caller insists, a monitor is no obstacle: it has reported the end, writes nothing
 * more, and may stay for what the task has left behind. The caller holds the session lock. */
static int remove_free(tether_registry *registry, const char *task_id, bool insist, bool *held,
                       tether_error *error)
{
    tether__record record;
    tether__record_init(&record);
    int code = tether__bundle_load(&registry->session, task_id, &record, NULL, error);
    if (code == TETHER_OK)
        code = check_record(registry, &record, error);
    bool ignores = insist && code == TETHER_OK && tether__record_is_monitored(&record);
    if (code == TETHER_OK)
        tether__os_scope_remove(record.scope, task_id);
    tether__record_dispose(&record);
    if (code == TETHER_OK)
        code = tether__os_lifeline_held(registry->session.exits, task_id, held, error);
    if (code == TETHER_OK && !*held)
        *held = !tether__catalog_reap(&registry->catalog, task_id);
    *held = *held && !ignores;
    if (code == TETHER_OK && !*held)
        code = tether__bundle_remove(&registry->session, task_id, error);
    return code;
}

/* The caller holds `disk`. */
static int try_remove(tether_registry *registry, const char *task_id, bool insist, bool *held,
                      tether_error *error)
{
    tether__lock lock;
    tether_error problem = {0};
    *held = false;
    /* Writes the end into the record if it is not there yet, and fails for a task that has no
     * record. */
    int code = tether__refresh(&registry->catalog, task_id, TETHER__INSPECT_NOW, NULL, error);
    if (code == TETHER_OK)
        code = tether__session_lock(&registry->session, &lock, error);
    if (code != TETHER_OK)
        return code;
    code = remove_free(registry, task_id, insist, held, &problem);
    tether__os_lock_release(&lock);
    /* Without a bundle there is no ended task; the next collection completes the removal. */
    if (!tether__session_has_bundle(&registry->session, task_id)) {
        tether__catalog_forget(&registry->catalog, task_id);
        return TETHER_OK;
    }
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

int tether_remove(tether_registry *registry, const char *task_id, tether_error *error)
{
    bool held;
    int code = tether__check_task_id(task_id, error);
    if (code != TETHER_OK)
        return code;
    int64_t begin = tether__os_monotonic_ms();
    for (int64_t passed = 0;; passed = tether__os_monotonic_ms() - begin) {
        uv_mutex_lock(&registry->catalog.disk);
        code = try_remove(registry, task_id, passed >= MONITOR_PATIENCE_MS, &held, error);
        uv_mutex_unlock(&registry->catalog.disk);
        if (code != TETHER_OK || !held)
            return code;
        if (passed >= SUPERVISOR_PATIENCE_MS)
            return fail_not_ended(task_id,
                                  "has reported its end, but its supervisor has not exited; check "
                                  "whether it is stopped, then try again",
                                  error);
        uv_sleep(PAUSE_MS);
    }
}
