/* Owns the execution of kills: writes the intent first, then does what the kill policy says, each
 * time after a fresh inspection.
 * Must not: signal before the intent is on disk, or hold a lock while it signals.
 * Thread: the driver's: a caller of tether_kill, or the loop. */
#include "engine/kill.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "engine/refresh.h"
#include "os/clock.h"
#include "os/lifeline.h"
#include "os/tree.h"

enum {
    NAMED_SURVIVORS = 8, /* at most this many pids are in an error message */
    RETRY_MS = 5,
    TAKEOVER_SLACK_MS = 1000 /* after the grace period, before another host may take over */
};

typedef struct intent_change {
    tether__intent intent;
    int64_t takeover_ms;
} intent_change;

/* Changes starting, running and paused to killing. A kill that is already under way keeps its
 * intent. */
static bool set_intent(tether__record *record, void *userdata)
{
    const intent_change *wanted = userdata;
    if (tether_status_ended(record->status) || record->status == TETHER_STATUS_KILLING)
        return false;
    record->status = TETHER_STATUS_KILLING;
    record->kill_intent = wanted->intent;
    record->kill_takeover_ms = wanted->takeover_ms;
    return true;
}

int tether__kill_check(tether__catalog *catalog, const tether__entry *entry, tether_error *error)
{
    /* No processes are signalled: the owner, which may be in any pid namespace, reads the request
     * in the record. */
    if (tether__record_is_proxy(&entry->record))
        return TETHER_OK;
    tether__tree tree = {.task_id = entry->id};
    tether__kill_find_supervisor(catalog, entry, &tree.supervisor);
    return tether__os_tree_check(&tree, error);
}

int tether__kill_check_signal(tether__catalog *catalog, const tether__entry *entry,
                              tether_error *error)
{
    if (!tether__record_is_proxy(&entry->record))
        return tether__kill_check(catalog, entry, error);
    return tether__fail(error, TETHER_ENOTSUP, 0, "signal task",
                        "task %s is a proxy task of process %lld and has no process of its own to "
                        "signal; a kill without a signal asks that process to end it",
                        entry->id, (long long)entry->record.identity.pid);
}

int tether__kill_begin(tether__catalog *catalog, const char *task_id, tether__intent intent,
                       int64_t grace_ms, tether__driver wanted, bool *is_driver,
                       tether_error *error)
{
    tether__entry *entry;
    int64_t now = tether__os_monotonic_ms();
    tether__kill kill;
    tether__kill_start(&kill, grace_ms, now);
    intent_change change = {intent, now + kill.grace_ms + TAKEOVER_SLACK_MS};
    *is_driver = false;

    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code == TETHER_OK && !entry->ended)
        code = tether__kill_check(catalog, entry, error);
    if (code == TETHER_OK && !entry->ended)
        code = tether__refresh_change(catalog, task_id, set_intent, &change, &entry, error);
    if (code == TETHER_OK) {
        uv_mutex_lock(&catalog->state);
        /* A caller takes over from the loop. The loop may be waiting because another host drives
         * the kill, and cannot go on while a caller blocks the loop's thread. A kill that has begun
         * keeps the end of its grace period. */
        if (entry->driver == TETHER__DRIVER_NONE ||
            (entry->driver == TETHER__DRIVER_LOOP && wanted != TETHER__DRIVER_LOOP)) {
            if (entry->driver == TETHER__DRIVER_NONE || entry->kill.grace_end == 0)
                entry->kill = kill;
            entry->driver = wanted;
            tether__catalog_schedule(catalog, entry);
            *is_driver = true;
        }
        uv_mutex_unlock(&catalog->state);
    }
    uv_mutex_unlock(&catalog->disk);
    return code;
}

void tether__kill_find_supervisor(tether__catalog *catalog, const tether__entry *entry,
                                  tether__identity *supervisor)
{
    uv_mutex_lock(&catalog->state);
    *supervisor = entry->child;
    uv_mutex_unlock(&catalog->state);
    if (supervisor->pid == 0)
        *supervisor = entry->record.identity;
}

/* The target of a kill: the task's processes; or, for a proxy task, its owner, a host that is
 * notified and never signalled. */
typedef struct kill_target {
    char id[TETHER_ID_SIZE]; /* a copy: the entry may be freed once the lock is released */
    tether__tree tree;
    bool is_proxy;
    int64_t owner; /* pid of the proxy's host; 0: no proxy, or not known */
} kill_target;

/* Fills in how the target can be reached now. The caller holds `disk`; takes `state`. */
static void resolve_target(tether__catalog *catalog, const tether__entry *entry,
                           kill_target *target)
{
    bool held = false;
    tether__tree *tree = &target->tree;
    snprintf(target->id, sizeof target->id, "%s", entry->id);
    *tree = (tether__tree){.task_id = target->id};
    if (catalog->round != NULL)
        tree->listing = catalog->round->listing;
    target->is_proxy = tether__record_is_proxy(&entry->record);
    target->owner = target->is_proxy ? entry->record.identity.pid : 0;
    if (target->is_proxy)
        return;
    tether__kill_find_supervisor(catalog, entry, &tree->supervisor);
    if (entry->ended || tree->supervisor.pid == 0)
        return;
    int code = tether__os_lifeline_held(catalog->session->exits, entry->id, &held, NULL);
    tree->lifeline_held = code == TETHER_OK && held;
    tree->supervisor_alive =
        tree->lifeline_held && tether__os_process_alive(&tree->supervisor) == TETHER__ALIVE;
}

/* Fails with the processes that survive the final signal. */
static int fail_survived(const kill_target *target, tether_error *error)
{
    const tether__tree *tree = &target->tree;
    if (target->is_proxy)
        return tether__fail(
            error, TETHER_ESURVIVED, 0, "kill task",
            "task %s is a proxy task of process %lld, which was asked to end it and has "
            "not done so; the task ends when that process finishes it or exits",
            target->id, (long long)target->owner);
    int64_t pids[NAMED_SURVIVORS];
    size_t count;
    char text[NAMED_SURVIVORS * 24] = "";
    if (tether__os_tree_members(tree, pids, NAMED_SURVIVORS, &count, NULL) != TETHER_OK)
        count = 0;
    for (size_t i = 0; i < count && i < NAMED_SURVIVORS; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), " %lld", (long long)pids[i]);
    return tether__fail(
        error, TETHER_ESURVIVED, 0, "kill task",
        "task %s: %zu processes survive the final signal (pid%s); they may be stuck "
        "in the kernel, waiting for a disk or network that does not answer",
        tree->task_id, count, text);
}

static int send_signal(const tether__catalog *catalog, const kill_target *target,
                       tether__kill_action action, size_t *members, tether_error *error)
{
    const tether__tree *tree = &target->tree;
    if (target->is_proxy) {
        /* Makes the owner inspect the task, upon which the owner finds the intent in the record. */
        if (action != TETHER__KILL_INSPECT)
            tether__os_lifeline_notify(catalog->session->exits, target->id);
        return TETHER_OK;
    }
    if (action == TETHER__KILL_SEND_POLITE)
        return tether__os_tree_signal(tree, TETHER__SIGNAL_POLITE, members, error);
    if (action == TETHER__KILL_SEND_FINAL)
        return tether__os_tree_signal(tree, TETHER__SIGNAL_FINAL, members, error);
    return TETHER_OK;
}

/* Asks the policy for the next action. Takes `state`. */
static tether__kill_action next_action(tether__catalog *catalog, tether__entry *entry,
                                       size_t members, int64_t *next_ms, tether__driver *driver)
{
    uv_mutex_lock(&catalog->state);
    *driver = entry->driver;
    tether__kill_action action =
        tether__kill_next(&entry->kill, members, tether__os_monotonic_ms());
    *next_ms = entry->kill.next_ms;
    uv_mutex_unlock(&catalog->state);
    return action;
}

void tether__kill_release(tether__catalog *catalog, const char *task_id)
{
    uv_mutex_lock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    if (entry != NULL)
        entry->driver = TETHER__DRIVER_NONE;
    catalog->changes++;
    uv_cond_broadcast(&catalog->changed);
    uv_mutex_unlock(&catalog->state);
}

/* Called when the policy says that no process is left: a refresh confirms that and finalises the
 * task. If the lifeline is still held, such as by a host that has not started the task's supervisor
 * yet, the kill starts again. Stores in *over whether the kill is over. */
static int confirm_end(tether__catalog *catalog, const char *task_id, const tether__round *round,
                       bool *over, tether_error *error)
{
    tether__entry *entry;
    uv_mutex_lock(&catalog->disk);
    catalog->round = round;
    int code = tether__refresh(catalog, task_id, TETHER__INSPECT_NOW, &entry, error);
    catalog->round = NULL;
    *over = code != TETHER_OK || entry->ended;
    if (!*over) {
        uv_mutex_lock(&catalog->state);
        tether__kill_start(&entry->kill, entry->kill.grace_ms > 0 ? entry->kill.grace_ms : -1,
                           tether__os_monotonic_ms() + RETRY_MS);
        uv_mutex_unlock(&catalog->state);
    }
    uv_mutex_unlock(&catalog->disk);
    return code;
}

/* Counts the live processes of the task; 1 if they cannot be counted yet. The caller holds `disk`.
 */
static int count_members(tether__catalog *catalog, tether__entry *entry, const kill_target *target,
                         size_t *members, tether_error *error)
{
    *members = entry->tree_gone || (entry->ended && target->is_proxy) ? 0 : 1;
    /* Of a task that has not ended, the refresh right before this call has listed the processes;
     * the result is in tree_gone. */
    if (*members == 0 || !entry->ended)
        return TETHER_OK;
    if (catalog->round != NULL && !tether__refresh_round_is_conclusive(catalog, entry))
        return TETHER_OK;
    return tether__os_tree_members(&target->tree, NULL, 0, members, error);
}

/* Ends the grace period at once: no process could receive the polite signal. */
static int skip_grace(tether__catalog *catalog, const char *task_id, int64_t *next_ms)
{
    int64_t now = tether__os_monotonic_ms();
    uv_mutex_lock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    if (entry != NULL)
        tether__kill_skip_grace(&entry->kill, now);
    uv_mutex_unlock(&catalog->state);
    *next_ms = now;
    return TETHER_OK;
}

/* Returns whether only a newer listing can show if processes have survived: the listing of the
 * current round began before the task's supervisor was found done. The caller holds `disk`. */
static bool needs_newer_listing(tether__catalog *catalog, tether__entry *entry)
{
    return catalog->round != NULL && entry->supervisor_done_at != 0 &&
           !tether__refresh_round_is_conclusive(catalog, entry);
}

int tether__kill_step(tether__catalog *catalog, const char *task_id, int64_t *next_ms,
                      tether_error *error)
{
    return tether__kill_step_in_round(catalog, task_id, NULL, next_ms, error);
}

int tether__kill_step_in_round(tether__catalog *catalog, const char *task_id,
                               const tether__round *round, int64_t *next_ms, tether_error *error)
{
    tether__entry *entry;
    kill_target target = {0};
    size_t members = 1;
    tether__kill_action action = TETHER__KILL_INSPECT;
    tether__driver driver = TETHER__DRIVER_NONE;
    *next_ms = 0;

    uv_mutex_lock(&catalog->disk);
    catalog->round = round;
    int code = tether__refresh(catalog, task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code == TETHER_OK) {
        resolve_target(catalog, entry, &target);
        code = count_members(catalog, entry, &target, &members, error);
        if (code == TETHER_OK)
            action = next_action(catalog, entry, members, next_ms, &driver);
        if (action == TETHER__KILL_STUCK && needs_newer_listing(catalog, entry)) {
            action = TETHER__KILL_INSPECT;
            *next_ms = tether__os_monotonic_ms() + RETRY_MS;
        }
    }
    catalog->round = NULL;
    uv_mutex_unlock(&catalog->disk);

    bool over = code != TETHER_OK;
    if (!over && action == TETHER__KILL_DONE) {
        code = confirm_end(catalog, task_id, round, &over, error);
        *next_ms = tether__os_monotonic_ms() + RETRY_MS;
    } else if (!over && action == TETHER__KILL_STUCK) {
        code = fail_survived(&target, error);
        over = driver != TETHER__DRIVER_LOOP;
    } else if (!over) {
        tether_error problem = {0};
        code = send_signal(catalog, &target, action, &members, &problem);
        if (code == TETHER_ENOTSUP && action == TETHER__KILL_SEND_POLITE)
            code = skip_grace(catalog, task_id, next_ms);
        else if (code != TETHER_OK)
            tether__error_set(error, &problem);
        over = code != TETHER_OK;
    }
    if (over) {
        tether__kill_release(catalog, task_id);
        *next_ms = 0;
    }
    return code;
}

/* Waits until the status of the task changes, the pause is over (-1: no limit) or the kill has no
 * driver. Returns whether the kill still has a driver. Changes of other tasks do not end the wait,
 * because each step of a kill lists all processes. Takes `state`. */
static bool wait_while_driven(tether__catalog *catalog, const char *task_id, int64_t pause_ms)
{
    int64_t end = tether__os_monotonic_ms() + pause_ms, left = pause_ms;
    uv_mutex_lock(&catalog->state);
    const tether__entry *entry = tether__catalog_find(catalog, task_id);
    tether_status before = entry != NULL ? entry->status : TETHER_STATUS_LOST;
    while (entry != NULL && entry->driver != TETHER__DRIVER_NONE && entry->status == before &&
           (pause_ms < 0 || left > 0)) {
        tether__catalog_wait(catalog, catalog->changes, left);
        left = pause_ms < 0 ? -1 : end - tether__os_monotonic_ms();
        entry = tether__catalog_find(catalog, task_id);
    }
    bool driven = entry != NULL && entry->driver != TETHER__DRIVER_NONE;
    uv_mutex_unlock(&catalog->state);
    return driven;
}

int tether__kill_finish(tether__catalog *catalog, const char *task_id, bool is_driver,
                        tether_error *error)
{
    int64_t next = 0;
    while (!is_driver) {
        if (!wait_while_driven(catalog, task_id, -1))
            return TETHER_OK;
    }
    for (;;) {
        int code = tether__kill_step(catalog, task_id, &next, error);
        if (next == 0)
            return code;
        int64_t pause = next - tether__os_monotonic_ms();
        if (pause > 0)
            wait_while_driven(catalog, task_id, pause);
    }
}

/* Inspects the task and resolves how its processes can be reached now. Takes `disk`. */
static int inspect_and_resolve(tether__catalog *catalog, const char *task_id, kill_target *target,
                               tether_error *error)
{
    tether__entry *entry;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code == TETHER_OK)
        code = tether__kill_check_signal(catalog, entry, error);
    if (code == TETHER_OK)
        resolve_target(catalog, entry, target);
    uv_mutex_unlock(&catalog->disk);
    return code;
}

int tether__kill_signal(tether__catalog *catalog, const char *task_id, int number,
                        tether_error *error)
{
    kill_target target = {0};
    size_t reached;
    int code = inspect_and_resolve(catalog, task_id, &target, error);
    if (code == TETHER_OK)
        code = tether__os_tree_signal_number(&target.tree, number, &reached, error);
    return code;
}

int tether__kill_pause_or_resume(tether__catalog *catalog, const char *task_id,
                                 tether__tree_signal signal, size_t *reached, tether_error *error)
{
    kill_target target = {0};
    *reached = 0;
    int code = inspect_and_resolve(catalog, task_id, &target, error);
    if (code == TETHER_OK)
        code = tether__os_tree_signal(&target.tree, signal, reached, error);
    return code;
}

int tether__kill_members(tether__catalog *catalog, const char *task_id, int64_t *pids,
                         size_t capacity, size_t *count, tether_error *error)
{
    kill_target target = {0};
    *count = 0;
    int code = inspect_and_resolve(catalog, task_id, &target, error);
    if (code != TETHER_OK || target.is_proxy)
        return code;
    return tether__os_tree_members(&target.tree, pids, capacity, count, error);
}
