/* Owns the doing of kills: intent first, then what the policy says, each time against a fresh look
 * at the processes. Must not: signal before the intent is on disk, or hold a lock while it signals.
 * Thread: whoever drives the kill: a caller of tether_kill, or the loop. */
#include "kill.h"

#include <stdio.h>
#include <string.h>

#include "error.h"
#include "os_clock.h"
#include "os_lifeline.h"
#include "os_tree.h"
#include "refresh.h"

enum { NAMED_SURVIVORS = 8, RETRY_MS = 5, TAKEOVER_SLACK_MS = 1000 };

typedef struct intent_change {
    tether__intent intent;
    int64_t takeover_ms;
} intent_change;

/* Starting, running and paused become killing. A kill that is on its way keeps its reason. */
static bool set_intent(tether__record *record, void *userdata)
{
    const intent_change *wanted = userdata;
    if (tether_status_ended(record->status) || record->status == TETHER_STATUS_KILLING)
        return false;
    record->status = TETHER_STATUS_KILLING;
    record->intent = wanted->intent;
    record->kill_takeover_ms = wanted->takeover_ms;
    return true;
}

/* Refuses before the intent is written: a kill that cannot be done must not be recorded as one on
 * its way. */
static int check_reachable(const tether__entry *entry, tether_error *error)
{
    const tether__tree tree = {.task_id = entry->id, .supervisor = entry->record.identity};
    return tether__os_tree_check(&tree, error);
}

int tether__kill_begin(tether__catalog *catalog, const char *task_id, tether__intent intent,
                       int64_t grace_ms, tether__driver wanted, bool *appointed,
                       tether_error *error)
{
    tether__entry *entry;
    int64_t now = tether__os_monotonic_ms();
    tether__kill kill;
    tether__kill_start(&kill, grace_ms, now);
    intent_change change = {intent, now + kill.grace_ms + TAKEOVER_SLACK_MS};
    *appointed = false;

    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, task_id, TETHER__LOOK_NOW, &entry, error);
    if (code == TETHER_OK && !entry->ended)
        code = check_reachable(entry, error);
    if (code == TETHER_OK && !entry->ended)
        code = tether__refresh_change(catalog, task_id, set_intent, &change, &entry, error);
    if (code == TETHER_OK) {
        uv_mutex_lock(&catalog->state);
        /* A caller takes over from the loop, which may give another host's kill its time first, and
         * which cannot go on while the caller is on its thread. What has begun keeps its grace. */
        if (entry->driver == TETHER__DRIVER_NONE ||
            (entry->driver == TETHER__DRIVER_LOOP && wanted == TETHER__DRIVER_CALLER)) {
            if (entry->driver == TETHER__DRIVER_NONE || entry->kill.grace_end == 0)
                entry->kill = kill;
            entry->driver = wanted;
            *appointed = true;
        }
        uv_mutex_unlock(&catalog->state);
    }
    uv_mutex_unlock(&catalog->disk);
    return code;
}

/* The task's processes as they may be reached now. Under `disk`. */
static void aim(const tether__catalog *catalog, const tether__entry *entry, tether__tree *tree)
{
    bool held = false;
    *tree = (tether__tree){.task_id = entry->id, .supervisor = entry->record.identity};
    if (entry->ended || tree->supervisor.pid == 0)
        return;
    int code = tether__os_lifeline_held(catalog->session->exits, entry->id, &held, NULL);
    tree->supervisor_alive =
        code == TETHER_OK && held && tether__os_process_alive(&tree->supervisor) == TETHER__ALIVE;
}

static int survived(const tether__tree *tree, tether_error *error)
{
    int64_t pids[NAMED_SURVIVORS];
    size_t count;
    char text[NAMED_SURVIVORS * 24] = "";
    if (tether__os_tree_members(tree, pids, NAMED_SURVIVORS, &count, NULL) != TETHER_OK)
        count = 0;
    for (size_t i = 0; i < count && i < NAMED_SURVIVORS; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), " %lld", (long long)pids[i]);
    return tether__fail(error, TETHER_ESURVIVED, 0, "kill task",
                        "task %s: %zu processes survive the final signal (pid%s); they may hang in "
                        "the kernel, on a disk or network that does not answer",
                        tree->task_id, count, text);
}

static int send_signal(const tether__tree *tree, tether__kill_action action, size_t *members,
                       tether_error *error)
{
    if (action == TETHER__KILL_SEND_POLITE)
        return tether__os_tree_signal(tree, TETHER__SIGNAL_POLITE, members, error);
    if (action == TETHER__KILL_SEND_FINAL)
        return tether__os_tree_signal(tree, TETHER__SIGNAL_FINAL, members, error);
    return TETHER_OK;
}

/* What the policy wants now, under `state`. */
static tether__kill_action ask_policy(tether__catalog *catalog, tether__entry *entry,
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

static void release_driver(tether__catalog *catalog, const char *task_id)
{
    uv_mutex_lock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    if (entry != NULL)
        entry->driver = TETHER__DRIVER_NONE;
    catalog->changes++;
    uv_cond_broadcast(&catalog->changed);
    uv_mutex_unlock(&catalog->state);
}

/* No process is left: the look that follows finalises. A task whose host has not started it yet
 * still holds its lifeline: then the kill begins anew. Whether it is over. */
static int conclude(tether__catalog *catalog, const char *task_id, bool *over, tether_error *error)
{
    tether__entry *entry;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, task_id, TETHER__LOOK_NOW, &entry, error);
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

int tether__kill_step(tether__catalog *catalog, const char *task_id, int64_t *next_ms,
                      tether_error *error)
{
    tether__entry *entry;
    tether__tree tree = {0};
    size_t members = 1;
    char id[TETHER_ID_SIZE];
    tether__kill_action action = TETHER__KILL_LOOK;
    tether__driver driver = TETHER__DRIVER_NONE;
    *next_ms = 0;

    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, task_id, TETHER__LOOK_NOW, &entry, error);
    if (code == TETHER_OK) {
        aim(catalog, entry, &tree);
        snprintf(id, sizeof id, "%s", entry->id);
        tree.task_id = id; /* the entry may go once the lock does */
        /* Of a task that has not ended, the look that was just taken has told. */
        if (entry->tree_gone)
            members = 0;
        else if (entry->ended)
            code = tether__os_tree_members(&tree, NULL, 0, &members, error);
        if (code == TETHER_OK)
            action = ask_policy(catalog, entry, members, next_ms, &driver);
    }
    uv_mutex_unlock(&catalog->disk);

    bool over = code != TETHER_OK;
    if (!over && action == TETHER__KILL_DONE) {
        code = conclude(catalog, task_id, &over, error);
        *next_ms = tether__os_monotonic_ms() + RETRY_MS;
    } else if (!over && action == TETHER__KILL_STUCK) {
        code = survived(&tree, error);
        over = driver == TETHER__DRIVER_CALLER;
    } else if (!over) {
        code = send_signal(&tree, action, &members, error);
        over = code != TETHER_OK;
    }
    if (over) {
        release_driver(catalog, task_id);
        *next_ms = 0;
    }
    return code;
}

/* Sleeps until something changes or it is time; false where the kill has no driver any more. */
static bool wait_for_driver(tether__catalog *catalog, const char *task_id, int64_t pause_ms)
{
    uv_mutex_lock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    bool driven = entry != NULL && entry->driver != TETHER__DRIVER_NONE;
    if (driven)
        tether__catalog_wait(catalog, catalog->changes, pause_ms);
    uv_mutex_unlock(&catalog->state);
    return driven;
}

int tether__kill_finish(tether__catalog *catalog, const char *task_id, bool appointed,
                        tether_error *error)
{
    int64_t next = 0;
    while (!appointed) {
        if (!wait_for_driver(catalog, task_id, -1))
            return TETHER_OK;
    }
    for (;;) {
        int code = tether__kill_step(catalog, task_id, &next, error);
        if (next == 0)
            return code;
        int64_t pause = next - tether__os_monotonic_ms();
        if (pause > 0)
            wait_for_driver(catalog, task_id, pause);
    }
}

int tether__kill_signal(tether__catalog *catalog, const char *task_id, int number,
                        tether_error *error)
{
    tether__entry *entry;
    tether__tree tree = {0};
    size_t reached;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, task_id, TETHER__LOOK_NOW, &entry, error);
    if (code == TETHER_OK)
        code = check_reachable(entry, error);
    if (code == TETHER_OK)
        aim(catalog, entry, &tree);
    uv_mutex_unlock(&catalog->disk);
    if (code != TETHER_OK)
        return code;
    tree.task_id = task_id;
    return tether__os_tree_signal_number(&tree, number, &reached, error);
}
