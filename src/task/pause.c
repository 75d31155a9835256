/* Owns pausing and resuming.
 * Must not: stop a process before the record says `paused`, or signal a process that is not the
 * task's.
 * Thread: any. */
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/error.h"
#include "engine/core.h"
#include "engine/kill.h"
#include "engine/refresh.h"
#include "engine/waiting.h"
#include "format/name.h"
#include "os/clock.h"
#include "os/tree.h"
#include "tether/task.h"

static const char step[] = "pause task";

/* Each round of signals stops processes that were forked during the one before. */
enum { ROUNDS = 200, ALONE_PAUSE_MS = 2, PIDS_MAX = 4096 };

typedef struct change {
    tether_status wanted;
    tether_status found;
} change;

static bool set_status(tether__record *record, void *userdata)
{
    change *c = userdata;
    tether_status other =
        c->wanted == TETHER_STATUS_PAUSED ? TETHER_STATUS_RUNNING : TETHER_STATUS_PAUSED;
    c->found = record->status;
    if (record->status != other)
        return false;
    record->status = c->wanted;
    return true;
}

/* Writes the wanted status; c->found receives the one before. */
static int write_status(tether_registry *registry, const char *task_id, change *c,
                        tether_error *error)
{
    tether__entry *entry;
    tether__catalog *catalog = &registry->catalog;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code == TETHER_OK && !entry->ended)
        code = tether__kill_check_signal(catalog, entry, error);
    if (code == TETHER_OK)
        code = tether__refresh_change(catalog, task_id, set_status, c, NULL, error);
    uv_mutex_unlock(&catalog->disk);
    return code;
}

static int refuse(const char *task_id, tether_status status, tether_error *error)
{
    return tether__fail(
        error, TETHER_EENDED, 0, step,
        "task %s is %s: only one that runs can be paused or resumed; tether list shows those",
        task_id, tether_status_text(status));
}

/* Retries until the task has been started. */
static int write_when_started(tether_registry *registry, const char *task_id, change *c,
                              tether_error *error)
{
    tether__wait wait;
    int code = tether__wait_begin_start(registry, "wait", &wait, error);
    while (code == TETHER_OK) {
        code = tether__wait_prepare(&wait, error);
        if (code == TETHER_OK)
            code = write_status(registry, task_id, c, error);
        if (code != TETHER_OK || c->found != TETHER_STATUS_STARTING)
            break;
        code = tether__wait_sleep(&wait, NULL, error);
    }
    tether__wait_end(&wait);
    return code;
}

static int change_task(tether_registry *registry, const char *task_id, tether_status wanted,
                       tether_error *error)
{
    change c = {wanted, TETHER_STATUS_LOST};
    int code = tether__check_task_id(task_id, error);
    if (code == TETHER_OK)
        code = write_when_started(registry, task_id, &c, error);
    if (code == TETHER_OK && c.found != TETHER_STATUS_RUNNING && c.found != TETHER_STATUS_PAUSED)
        code = refuse(task_id, c.found, error);
    return code;
}

/* --- Signals --- */

typedef struct pid_list {
    size_t count;
    bool monitor_alone; /* it has not started the command yet, or leaves */
    int64_t pids[PIDS_MAX];
} pid_list;

static int compare_pids(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static int list_pids(tether_registry *registry, const char *task_id, pid_list *list,
                     tether_error *error)
{
    int code = tether__kill_members(&registry->catalog, task_id, list->pids, PIDS_MAX, &list->count,
                                    &list->monitor_alone, error);
    if (code == TETHER_OK)
        qsort(list->pids, list->count < PIDS_MAX ? list->count : PIDS_MAX, sizeof *list->pids,
              compare_pids);
    return code;
}

static bool is_same(const pid_list *a, const pid_list *b)
{
    size_t listed = a->count < PIDS_MAX ? a->count : PIDS_MAX;
    return a->count == b->count && memcmp(a->pids, b->pids, listed * sizeof *a->pids) == 0;
}

/* A monitor is not stopped: it could start the command after everything was stopped. So there has
 * to be a command. */
static int wait_for_command(const char *task_id, int64_t end, tether_error *error)
{
    if (tether__os_monotonic_ms() >= end)
        return tether__fail(error, TETHER_ETIMEDOUT, 0, step,
                            "the monitor of task %s has not started the command yet; try again",
                            task_id);
    uv_sleep(ALONE_PAUSE_MS);
    return TETHER_OK;
}

/* Repeats a round of signals until the processes before and after a round are the same: then this
 * round reached all of them, and none can fork any more. Comparing only their number is not enough,
 * because one process may have replaced another. A process that forks and exits faster than the
 * processes are listed can escape. */
static int stop_until_stable(tether_registry *registry, const char *task_id, pid_list *before,
                             pid_list *after, tether_error *error)
{
    size_t reached;
    int64_t end = tether__os_monotonic_ms() + TETHER__START_TIMEOUT_MS;
    int code = list_pids(registry, task_id, before, error);
    for (int round = 0; code == TETHER_OK;) {
        if (round == ROUNDS)
            return tether__fail(error, TETHER_ETIMEDOUT, 0, step,
                                "task %s starts processes faster than they can be stopped; kill it",
                                task_id);
        code = tether__kill_pause_or_resume(&registry->catalog, task_id, TETHER__SIGNAL_PAUSE,
                                            &reached, error);
        if (code == TETHER_OK)
            code = list_pids(registry, task_id, after, error);
        if (code == TETHER_OK && is_same(before, after) && !after->monitor_alone)
            return code;
        if (code == TETHER_OK && after->monitor_alone)
            code = wait_for_command(task_id, end, error);
        else
            round++;
        *before = *after;
    }
    return code;
}

static int stop_all(tether_registry *registry, const char *task_id, tether_error *error)
{
    pid_list *lists = calloc(2, sizeof *lists);
    if (lists == NULL)
        return tether__fail_memory(error, step);
    int code = stop_until_stable(registry, task_id, &lists[0], &lists[1], error);
    free(lists);
    return code;
}

static int continue_all(tether_registry *registry, const char *task_id, tether_error *error)
{
    size_t reached;
    return tether__kill_pause_or_resume(&registry->catalog, task_id, TETHER__SIGNAL_RESUME,
                                        &reached, error);
}

static int read_status(tether_registry *registry, const char *task_id, tether_status *status,
                       tether_error *error)
{
    tether__entry *entry;
    tether__catalog *catalog = &registry->catalog;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code == TETHER_OK) {
        *status = entry->record.status;
        if (entry->record.read_only)
            code = tether__fail(
                error, TETHER_EREADONLY, 0, step,
                "task %s was written by a newer version of tether; use that version to change it",
                task_id);
    }
    uv_mutex_unlock(&catalog->disk);
    return code;
}

/* Sends the signal that the record calls for, and does so again if the record has changed in
 * between. If several hosts pause and resume at once, the record's last state wins, and each host
 * that sent a different signal corrects it. If a kill has begun, continues the processes, so that
 * they can handle its signal. */
static int follow_record(tether_registry *registry, const char *task_id, tether_error *error)
{
    tether_status before, after = TETHER_STATUS_LOST;
    int code = read_status(registry, task_id, &after, error);
    if (code != TETHER_OK)
        return code;
    do {
        before = after;
        if (tether_status_ended(before))
            break;
        code = before == TETHER_STATUS_PAUSED ? stop_all(registry, task_id, error)
                                              : continue_all(registry, task_id, error);
        if (code == TETHER_OK)
            code = read_status(registry, task_id, &after, error);
    } while (code == TETHER_OK && after != before);
    return code;
}

int tether_pause(tether_registry *registry, const char *task_id, tether_error *error)
{
    int code = change_task(registry, task_id, TETHER_STATUS_PAUSED, error);
    return code == TETHER_OK ? follow_record(registry, task_id, error) : code;
}

/* Sends the signal before it changes the record: a task whose record says `running` does run, even
 * if this host dies between the two. A continued task may end at once, which is no failure. */
int tether_resume(tether_registry *registry, const char *task_id, tether_error *error)
{
    tether_status status = TETHER_STATUS_LOST;
    tether_error problem = {0};
    int code = tether__check_task_id(task_id, &problem);
    if (code == TETHER_OK)
        code = read_status(registry, task_id, &status, &problem);
    if (code == TETHER_OK && status == TETHER_STATUS_PAUSED)
        code = continue_all(registry, task_id, &problem);
    if (code == TETHER_OK)
        code = change_task(registry, task_id, TETHER_STATUS_RUNNING, &problem);
    if (code == TETHER_EENDED && status == TETHER_STATUS_PAUSED)
        return TETHER_OK;
    if (code == TETHER_OK)
        code = follow_record(registry, task_id, &problem);
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}
