/* Owns pausing and resuming.
 * Must not: signal before the record says so, or a process that is not the task's own.
 * Thread: any. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/core.h"
#include "engine/kill.h"
#include "engine/refresh.h"
#include "engine/waiting.h"
#include "format/name.h"
#include "os/tree.h"
#include "tether/task.h"

static const char step[] = "pause task";

/* A task is started within milliseconds, unless its host died meanwhile. Processes that were forked
 * while their parents were being stopped are stopped by the next round. */
enum { START_PATIENCE_MS = 5000, ROUNDS = 200, ROLL_ROOM = 4096 };

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

/* Writes it down; c->found is what the task was. */
static int write_status(tether_registry *registry, const char *task_id, change *c,
                        tether_error *error)
{
    tether__entry *entry;
    tether__catalog *catalog = &registry->catalog;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code == TETHER_OK && !entry->ended)
        code = tether__kill_check_signal(entry, error);
    if (code == TETHER_OK)
        code = tether__refresh_change(catalog, task_id, set_status, c, NULL, error);
    uv_mutex_unlock(&catalog->disk);
    return code;
}

static int refuse(const char *task_id, tether_status status, tether_error *error)
{
    return tether__fail(error, TETHER_EENDED, 0, step,
                        "task %s is %s: only one that runs can be paused or resumed", task_id,
                        tether_status_text(status));
}

/* Waits until the task has been started. */
static int write_when_started(tether_registry *registry, const char *task_id, change *c,
                              tether_error *error)
{
    tether__wait wait;
    int64_t patience = tether__reaper_is_current(registry->reaper) ? 0 : START_PATIENCE_MS;
    int code = tether__wait_begin(registry, "wait", patience, &wait, error);
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

typedef struct roll {
    size_t count;
    int64_t pids[ROLL_ROOM];
} roll;

static int by_pid(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static int call_roll(tether_registry *registry, const char *task_id, roll *r, tether_error *error)
{
    int code =
        tether__kill_members(&registry->catalog, task_id, r->pids, ROLL_ROOM, &r->count, error);
    if (code == TETHER_OK)
        qsort(r->pids, r->count < ROLL_ROOM ? r->count : ROLL_ROOM, sizeof *r->pids, by_pid);
    return code;
}

static bool is_same(const roll *a, const roll *b)
{
    size_t listed = a->count < ROLL_ROOM ? a->count : ROLL_ROOM;
    return a->count == b->count && memcmp(a->pids, b->pids, listed * sizeof *a->pids) == 0;
}

/* What is there before and after a round of signals was reached by it, and forks no more. Their
 * number alone would not tell: one may have come where another went. Who forks and
 * goes faster than the processes are listed can slip through. */
static int stop_rolls(tether_registry *registry, const char *task_id, roll *before, roll *after,
                      tether_error *error)
{
    size_t reached;
    int code = call_roll(registry, task_id, before, error);
    for (int round = 0; code == TETHER_OK; round++) {
        if (round == ROUNDS)
            return tether__fail(error, TETHER_ETIMEDOUT, 0, step,
                                "task %s starts processes faster than they can be stopped; kill it",
                                task_id);
        code = tether__kill_pause_or_resume(&registry->catalog, task_id, TETHER__SIGNAL_PAUSE,
                                            &reached, error);
        if (code == TETHER_OK)
            code = call_roll(registry, task_id, after, error);
        if (code == TETHER_OK && is_same(before, after))
            return code;
        *before = *after;
    }
    return code;
}

static int stop_all(tether_registry *registry, const char *task_id, tether_error *error)
{
    roll *rolls = calloc(2, sizeof *rolls);
    if (rolls == NULL)
        return tether__fail_memory(error, step);
    int code = stop_rolls(registry, task_id, &rolls[0], &rolls[1], error);
    free(rolls);
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
            code =
                tether__fail(error, TETHER_EREADONLY, 0, step,
                             "task %s was written by a newer tether: change it with that", task_id);
    }
    uv_mutex_unlock(&catalog->disk);
    return code;
}

/* Signals what the record says until it says the same afterwards: of several who pause and resume
 * at once, the last word in the record counts, and whoever signalled another one makes that good. A
 * kill that came between needs processes that take notice. */
static int follow_record(tether_registry *registry, const char *task_id, tether_error *error)
{
    tether_status before, after;
    int code = read_status(registry, task_id, &after, error);
    do {
        before = after;
        if (code != TETHER_OK || tether_status_ended(before))
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

/* The record after the signals: a task that is said to run does run, also where this host dies in
 * between. What goes on may end at once, which is no failure. */
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
    if (code != TETHER_OK && error != NULL)
        *error = problem;
    return code;
}
