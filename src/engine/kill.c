/* Owns the execution of kills: writes the intent first, then does what the kill policy says, each
 * time after a fresh inspection.
 * Must not: signal before the intent is on disk, or hold a lock while it signals.
 * Thread: the driver's: a caller of tether_kill, or the loop. */
#include "engine/kill.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "engine/refresh.h"
#include "os/child_start.h"
#include "os/clock.h"
#include "os/lifeline.h"
#include "os/signal.h"
#include "os/tree.h"

enum {
    NAMED_SURVIVORS = 6, /* at most this many pids are in an error message */
    SURVIVORS_SIZE = 320,
    RETRY_MS = 5,
    SOON_MS = 50,
    TAKEOVER_SLACK_MS = 1000 /* after the grace period, before another host may take over */
};

typedef struct intent_change {
    tether__intent intent;
    int64_t takeover_ms;
    int64_t alive_uptime_ms;
} intent_change;

/* Another host may have moved the deadline since this one has read it. */
static bool is_overdue(const tether__record *record)
{
    int64_t deadline = tether__catalog_deadline(record);
    return deadline > 0 && deadline <= tether__os_monotonic_ms();
}

/* Changes starting, running and paused to killing. A kill that is already under way keeps its
 * intent. */
static bool set_intent(tether__record *record, void *userdata)
{
    const intent_change *wanted = userdata;
    if (tether_status_ended(record->status) || record->status == TETHER_STATUS_KILLING)
        return false;
    if (wanted->intent == TETHER__INTENT_TIMEOUT && !is_overdue(record))
        return false;
    record->status = TETHER_STATUS_KILLING;
    record->kill_intent = wanted->intent;
    record->kill_takeover_ms = wanted->takeover_ms;
    /* Another host that takes over the kill, when the supervisor may be gone, can tell by this
     * which processes are the task's. */
    if (wanted->alive_uptime_ms > record->alive_uptime_ms)
        record->alive_uptime_ms = wanted->alive_uptime_ms;
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
    intent_change change = {intent, now + kill.grace_ms + TAKEOVER_SLACK_MS, 0};
    *is_driver = false;

    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code == TETHER_OK && !entry->ended)
        code = tether__kill_check(catalog, entry, error);
    if (code == TETHER_OK)
        change.alive_uptime_ms = entry->kin.supervisor_seen_ms;
    if (code == TETHER_OK && !entry->ended)
        code = tether__refresh_change_live(catalog, task_id, set_intent, &change, &entry, error);
    bool wanted_any = code == TETHER_OK && (entry->ended || entry->status == TETHER_STATUS_KILLING);
    if (wanted_any) {
        uv_mutex_lock(&catalog->state);
        /* A caller takes over from the loop. The loop may be waiting because another host drives
         * the kill, and cannot go on while a caller blocks the loop's thread. A kill that has begun
         * keeps the end of its grace period, unless a caller asks for an earlier one. */
        if (entry->driver == TETHER__DRIVER_NONE ||
            (entry->driver == TETHER__DRIVER_LOOP && wanted != TETHER__DRIVER_LOOP)) {
            if (entry->driver == TETHER__DRIVER_NONE || entry->kill.grace_end == 0)
                entry->kill = kill;
            entry->driver = (uint8_t)wanted;
            tether__catalog_schedule(catalog, entry);
            *is_driver = true;
        }
        if (wanted == TETHER__DRIVER_CALLER)
            tether__kill_shorten_grace(&entry->kill, kill.grace_ms, now);
        uv_mutex_unlock(&catalog->state);
    }
    uv_mutex_unlock(&catalog->disk);
    return code;
}

void tether__kill_find_supervisor(tether__catalog *catalog, const tether__entry *entry,
                                  tether__identity *supervisor)
{
    uv_mutex_lock(&catalog->state);
    *supervisor = tether__entry_supervisor(entry);
    supervisor->start_time = tether__child_start_time(supervisor);
    uv_mutex_unlock(&catalog->state);
}

/* The target of a kill: the task's processes; or, for a proxy task, its owner, a host that is
 * notified and never signalled. */
typedef struct kill_target {
    char id[TETHER_ID_SIZE]; /* a copy: the entry may be freed once the lock is released */
    tether__tree tree;
    tether__kin kin; /* a copy of the entry's, which the tree uses and adds to */
    bool is_proxy;
    bool signals;    /* the step sends a signal; the entry counts these */
    bool unreported; /* the supervisor has not reported its identity yet */
    int64_t owner;   /* pid of the proxy's host; 0: no proxy, or not known */
    size_t reached;  /* how many processes the step's signal was for; 0: a proxy */
    bool early;      /* the polite signal came before the task has started its command */
} kill_target;

/* Fills in how the target can be reached now. The caller holds `disk`, and disposes of the target's
 * kin; takes `state`. */
static void resolve_target(tether__catalog *catalog, const tether__entry *entry,
                           kill_target *target)
{
    bool held = false;
    tether__tree *tree = &target->tree;
    snprintf(target->id, sizeof target->id, "%s", entry->id);
    /* A copy that lacks something for want of memory only makes the kill find less at once. */
    (void)tether__kin_merge(&target->kin, &entry->kin);
    tether__bundle_tree(&entry->record, &target->kin, tree);
    tree->task_id = target->id;
    if (catalog->round != NULL)
        tree->listing = catalog->round->listing;
    target->is_proxy = tether__record_is_proxy(&entry->record);
    target->owner = target->is_proxy ? entry->record.identity.pid : 0;
    if (target->is_proxy)
        return;
    tether__kill_find_supervisor(catalog, entry, &tree->supervisor);
    target->unreported = !entry->ended && tree->supervisor.pid == 0;
    if (entry->ended || tree->supervisor.pid == 0)
        return;
    int code = tether__os_lifeline_held(catalog->session->exits, entry->id, &held, NULL);
    tree->lifeline_held = code == TETHER_OK && held;
    tree->supervisor_alive =
        tree->lifeline_held && tether__os_process_alive(&tree->supervisor) == TETHER__ALIVE;
}

/* Remembers what was found out about the target, for the next step of the kill. Takes `disk`. */
static void remember_kin(tether__catalog *catalog, kill_target *target)
{
    uv_mutex_lock(&catalog->disk);
    tether__entry *entry = tether__catalog_find(catalog, target->id);
    if (entry != NULL) {
        (void)tether__kin_merge(&entry->kin, &target->kin);
        if (target->signals && entry->signalling > 0)
            entry->signalling--;
    }
    uv_mutex_unlock(&catalog->disk);
    tether__kin_dispose(&target->kin);
}

static void name_survivor(const tether__survivor *survivor, char *text, size_t size)
{
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%lld%s%s", used > 0 ? ", " : "", (long long)survivor->pid,
             survivor->name[0] != '\0' ? " " : "", survivor->name);
    used = strlen(text);
    if (survivor->reason == TETHER__SURVIVOR_REFUSED)
        snprintf(text + used, size - used, " (belongs to %s)",
                 survivor->owner[0] != '\0' ? survivor->owner : "another user");
    else if (survivor->reason == TETHER__SURVIVOR_UNPROVEN)
        snprintf(text + used, size - used, " (maybe not the task's, not signalled)");
}

/* What is left of a task after the final signal. */
typedef struct remains {
    size_t count;
    char names[SURVIVORS_SIZE]; /* the pids, with the reasons that are known */
    const char *advice;
} remains;

static int find_remains(const kill_target *target, remains *found, tether_error *error)
{
    tether__survivor list[NAMED_SURVIVORS];
    bool refused = false, unproven = false;
    *found = (remains){0};
    int code =
        tether__os_tree_survivors(&target->tree, list, NAMED_SURVIVORS, &found->count, error);
    if (code != TETHER_OK)
        return code;
    for (size_t i = 0; i < found->count && i < NAMED_SURVIVORS; i++) {
        name_survivor(&list[i], found->names, sizeof found->names);
        refused = refused || list[i].reason == TETHER__SURVIVOR_REFUSED;
        unproven = unproven || list[i].reason == TETHER__SURVIVOR_UNPROVEN;
    }
    found->advice = refused ? "end what belongs to another user as that user or as root"
                    : unproven
                        ? "end what has the session of the task yourself if it is the task's"
                        : "wait: what is left may be stuck in the kernel, waiting for a disk or "
                          "network that does not answer";
    return TETHER_OK;
}

static bool set_reason(tether__record *record, void *userdata)
{
    const char *reason = userdata;
    if (record->status != TETHER_STATUS_KILLING ||
        (record->reason != NULL && strcmp(record->reason, reason) == 0))
        return false;
    return tether__record_set(record, &record->reason, reason);
}

/* Writes into the record of a task that is being killed what could not be ended. Takes `disk`. */
static void write_remains(tether__catalog *catalog, const char *task_id, const remains *found)
{
    char reason[SURVIVORS_SIZE + 32];
    snprintf(reason, sizeof reason, "could not be ended: %s", found->names);
    uv_mutex_lock(&catalog->disk);
    /* The caller reports the survivors, whether or not the record does. */
    (void)tether__refresh_change(catalog, task_id, set_reason, reason, NULL, NULL);
    uv_mutex_unlock(&catalog->disk);
}

/* Fails with the processes that survive the final signal, or says why they cannot be listed. */
static int fail_survived(tether__catalog *catalog, const kill_target *target, tether_error *error)
{
    remains found;
    if (target->is_proxy)
        return tether__fail(
            error, TETHER_ESURVIVED, 0, "kill task",
            "task %s is a proxy task of process %lld, which was asked to end it and has "
            "not done so; end that process, or wait until it finishes the task",
            target->id, (long long)target->owner);
    int code = find_remains(target, &found, error);
    if (code != TETHER_OK)
        return code;
    if (found.count == 0)
        return tether__fail(error, TETHER_ESURVIVED, 0, "kill task",
                            "task %s: its last process ended only when the wait for it was over; "
                            "the next look at the task tells how it ended",
                            target->id);
    write_remains(catalog, target->id, &found);
    return tether__fail(error, TETHER_ESURVIVED, 0, "kill task",
                        "task %s: %zu %s the final signal: %s; %s", target->id, found.count,
                        found.count == 1 ? "process survives" : "processes survive", found.names,
                        found.advice);
}

/* Stores whether the signal would reach the task's command, and not only its supervisor, which
 * discards it. */
static int check_ready(const kill_target *target, int number, bool *ready, tether_error *error)
{
    *ready = false;
    return target->unreported ? TETHER_OK
                              : tether__os_tree_ready(&target->tree, number, ready, error);
}

/* Sends the polite signal. If the task has not started its command yet, only makes sure that a
 * paused one goes on. */
static int send_polite(kill_target *target, tether_error *error)
{
    bool ready;
    int code = check_ready(target, tether__os_signal_polite(), &ready, error);
    target->early = !ready;
    if (code != TETHER_OK)
        return code;
    return tether__os_tree_signal(&target->tree,
                                  ready ? TETHER__SIGNAL_POLITE : TETHER__SIGNAL_RESUME,
                                  &target->reached, error);
}

static int send_signal(const tether__catalog *catalog, kill_target *target,
                       tether__kill_action action, tether_error *error)
{
    if (target->is_proxy) {
        /* Makes the owner inspect the task, upon which the owner finds the intent in the record. */
        tether__os_lifeline_notify(catalog->session->exits, target->id);
        return TETHER_OK;
    }
    if (action == TETHER__KILL_SEND_POLITE)
        return send_polite(target, error);
    return tether__os_tree_signal(&target->tree, TETHER__SIGNAL_FINAL, &target->reached, error);
}

/* Asks the policy for the next action. Takes `state`. */
static tether__kill_action next_action(tether__catalog *catalog, tether__entry *entry,
                                       size_t members, kill_target *target, int64_t *next_ms,
                                       tether__driver *driver)
{
    int64_t now = tether__os_monotonic_ms();
    uv_mutex_lock(&catalog->state);
    *driver = entry->driver;
    tether__kill_action action = tether__kill_next(&entry->kill, members, now);
    target->tree.supervisor_late = tether__kill_is_late(&entry->kill, now);
    *next_ms = entry->kill.next_ms;
    uv_mutex_unlock(&catalog->state);
    return action;
}

/* Tells the policy what has become of a signal. Returns the code of the step: where no process can
 * receive the polite signal, that is no failure, and the grace ends at once. Takes `state`. */
static int tell_policy(tether__catalog *catalog, const kill_target *target,
                       tether__kill_action action, int code, int64_t *next_ms)
{
    int64_t now = tether__os_monotonic_ms();
    bool impossible = code == TETHER_ENOTSUP && action == TETHER__KILL_SEND_POLITE;
    uv_mutex_lock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, target->id);
    if (entry != NULL && impossible)
        tether__kill_skip_grace(&entry->kill, now);
    else if (entry != NULL && code == TETHER_OK && action == TETHER__KILL_SEND_FINAL)
        tether__kill_reached(&entry->kill, target->reached, now);
    else if (entry != NULL && code == TETHER_OK && target->early)
        tether__kill_postpone_polite(&entry->kill);
    uv_mutex_unlock(&catalog->state);
    if (impossible)
        *next_ms = now;
    return impossible ? TETHER_OK : code;
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
    bool none_left = entry->ended && tether__record_left_nothing(&entry->record);
    *members = entry->tree_gone || none_left ? 0 : 1;
    /* Of a task that has not ended, the refresh right before this call has listed the processes;
     * the result is in tree_gone. */
    if (*members == 0 || !entry->ended)
        return TETHER_OK;
    if (catalog->round != NULL && !tether__refresh_round_is_conclusive(catalog, entry))
        return TETHER_OK;
    return tether__os_tree_survivors(&target->tree, NULL, 0, members, error);
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
            action = next_action(catalog, entry, members, &target, next_ms, &driver);
        if (action == TETHER__KILL_STUCK && needs_newer_listing(catalog, entry)) {
            action = TETHER__KILL_INSPECT;
            *next_ms = tether__os_monotonic_ms() + RETRY_MS;
        }
        target.signals = code == TETHER_OK &&
                         (action == TETHER__KILL_SEND_POLITE || action == TETHER__KILL_SEND_FINAL);
        entry->signalling += target.signals;
    }
    catalog->round = NULL;
    uv_mutex_unlock(&catalog->disk);

    bool over = code != TETHER_OK;
    if (!over && action == TETHER__KILL_DONE) {
        code = confirm_end(catalog, task_id, round, &over, error);
        *next_ms = tether__os_monotonic_ms() + RETRY_MS;
    } else if (!over && action == TETHER__KILL_STUCK) {
        code = fail_survived(catalog, &target, error);
        over = driver != TETHER__DRIVER_LOOP;
    } else if (!over && action != TETHER__KILL_INSPECT) {
        tether_error problem = {0};
        code = send_signal(catalog, &target, action, &problem);
        code = tell_policy(catalog, &target, action, code, next_ms);
        if (code != TETHER_OK)
            tether__error_set(error, &problem);
        over = code != TETHER_OK;
    }
    remember_kin(catalog, &target);
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

/* The steps of a kill that has begun are not further apart than SOON_MS, except those of one that
 * is stuck. */
bool tether__kill_in_progress(const tether__entry *entry, int64_t now)
{
    const tether__kill *kill = &entry->kill;
    bool begun = kill->grace_end != 0 || kill->patience_end != 0 || kill->next_ms <= now + SOON_MS;
    return entry->driver != TETHER__DRIVER_NONE && (entry->driver != TETHER__DRIVER_LOOP || begun);
}

static bool set_takeover(tether__record *record, void *userdata)
{
    if (record->status != TETHER_STATUS_KILLING)
        return false;
    record->kill_takeover_ms = *(const int64_t *)userdata;
    return true;
}

/* If a record cannot be written, other hosts wait for the time that it has. */
void tether__kill_hand_over(tether__catalog *catalog)
{
    int64_t now = tether__os_monotonic_ms();
    uv_mutex_lock(&catalog->disk);
    for (size_t i = 0; i < catalog->count; i++) {
        tether__entry *entry = catalog->entries[i];
        uv_mutex_lock(&catalog->state);
        bool in_progress = !entry->ended && tether__kill_in_progress(entry, now);
        uv_mutex_unlock(&catalog->state);
        if (in_progress)
            tether__refresh_change(catalog, entry->id, set_takeover, &now, NULL, NULL);
    }
    uv_mutex_unlock(&catalog->disk);
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

int tether__kill_signal(tether__catalog *catalog, const char *task_id, int number, bool *sent,
                        tether_error *error)
{
    kill_target target = {0};
    size_t reached;
    *sent = false;
    int code = inspect_and_resolve(catalog, task_id, &target, error);
    if (code == TETHER_OK)
        code = check_ready(&target, number, sent, error);
    if (code == TETHER_OK && *sent)
        code = tether__os_tree_signal_number(&target.tree, number, &reached, error);
    tether__kin_dispose(&target.kin);
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
    tether__kin_dispose(&target.kin);
    return code;
}

int tether__kill_members(tether__catalog *catalog, const char *task_id, int64_t *pids,
                         size_t capacity, size_t *count, bool *monitor_alone, tether_error *error)
{
    bool listed;
    kill_target target = {0};
    *count = 0;
    int code = inspect_and_resolve(catalog, task_id, &target, error);
    /* Where processes cannot be listed, the supervisor stands for its group. */
    (void)tether__os_tree_reach(&listed);
    if (code == TETHER_OK && !target.is_proxy)
        code = tether__os_tree_members(&target.tree, pids, capacity, count, error);
    *monitor_alone = code == TETHER_OK && listed && target.tree.monitored && *count == 1 &&
                     capacity > 0 && pids[0] == target.tree.supervisor.pid;
    tether__kin_dispose(&target.kin);
    return code;
}
