/* Owns what is due at a time: writing `running`, deadlines, the steps of kills, reaping, reminders.
 * Must not: use the loop or its timer (reaper.c does), or decide the state of a task (refresh.c).
 * Thread: the loop's. */
#include "engine/duties.h"

#include <string.h>

#include "base/error.h"
#include "engine/kill.h"
#include "engine/refresh.h"
#include "os/clock.h"

enum {
    RETRY_MS = 1000,            /* after a failure that may be temporary */
    REAP_LAST_PAUSE_MS = 60000, /* a monitor, or the child of a forgotten task, may live for long */
    MAX_DUE = 64, /* one pass does at most this much; the rest follows in the next passes */
};

#define NEVER INT64_MAX

/* One kind of work that may be due for a task. The due work is collected while `state` is held, and
 * done after `state` is released. */
typedef enum duty { DUTY_INSPECT, DUTY_DEADLINE, DUTY_KILL, DUTY_REAP, DUTY_REMIND } duty;

typedef struct due {
    duty kind;
    char id[TETHER_ID_SIZE];
} due;

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Adds the due work of one entry to the list, and returns when the next work of that entry is due.
 * The caller holds `state`. */
static int64_t collect_duties(const tether__entry *entry, int64_t now, due *list, size_t *count)
{
    int64_t next = NEVER;
    const struct {
        duty kind;
        int64_t at;
    } duties[] = {
        {DUTY_INSPECT, entry->inspect_at > 0 ? entry->inspect_at : NEVER},
        {DUTY_DEADLINE, entry->deadline_monotonic_ms > 0 && entry->driver == TETHER__DRIVER_NONE &&
                                entry->status != TETHER_STATUS_KILLING
                            ? entry->deadline_monotonic_ms
                            : NEVER},
        {DUTY_KILL, entry->driver == TETHER__DRIVER_LOOP ? entry->kill.next_ms : NEVER},
        {DUTY_REAP, entry->child.pid != 0 && entry->reap_pause_ms > 0 ? entry->reap_at : NEVER},
        {DUTY_REMIND, entry->reminder_at > 0 ? entry->reminder_at : NEVER},
    };
    for (size_t i = 0; i < sizeof duties / sizeof duties[0]; i++) {
        if (duties[i].at <= now && *count < MAX_DUE) {
            list[*count].kind = duties[i].kind;
            strcpy(list[*count].id, entry->id);
            (*count)++;
        } else {
            next = earlier(next, duties[i].at);
        }
    }
    return next;
}

/* Returns whether nothing will ever be due for the entry again: an end is final. The caller holds
 * `state`. */
static bool has_no_duty_left(const tether__entry *entry)
{
    return entry->ended && entry->child.pid == 0 && entry->driver == TETHER__DRIVER_NONE &&
           entry->inspect_at == 0 && entry->reminder_at == 0;
}

/* Collects the work that is due now, and returns when the next work is due. Iterates backwards,
 * because unscheduling an entry moves the last one to its index. Takes `state`. */
static int64_t collect_due(tether__catalog *catalog, due *list, size_t *count)
{
    int64_t next = NEVER;
    int64_t now = tether__os_monotonic_ms();
    *count = 0;
    uv_mutex_lock(&catalog->state);
    for (size_t i = catalog->scheduled_count; i > 0; i--) {
        tether__entry *entry = catalog->scheduled[i - 1];
        if (has_no_duty_left(entry))
            tether__catalog_unschedule(catalog, entry);
        else
            next = earlier(next, collect_duties(entry, now, list, count));
    }
    uv_mutex_unlock(&catalog->state);
    return next;
}

/* Reaps the child of an entry, or sets when to try again. The caller holds `state`. */
static bool reap_child(tether__entry *entry)
{
    if (tether__child_reap(&entry->child))
        return true;
    entry->reap_at = tether__os_monotonic_ms() + entry->reap_pause_ms;
    if (entry->reap_pause_ms * 2 <= REAP_LAST_PAUSE_MS)
        entry->reap_pause_ms *= 2;
    return false;
}

/* The kernel closes a process's descriptors, which raises the event, a moment before the process
 * can be reaped. */
int64_t tether__duties_reap(tether__catalog *catalog, const char *task_id)
{
    int64_t again = NEVER;
    uv_mutex_lock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    if (entry != NULL && entry->child.pid != 0) {
        entry->reap_pause_ms = 1;
        again = reap_child(entry) ? NEVER : entry->reap_at;
    }
    uv_mutex_unlock(&catalog->state);
    return again;
}

/* Reaps the children of forgotten tasks for which an attempt is due. Whether they have ended is not
 * known: nothing on the disk says so. Returns when the next attempt is due. Takes `state`. */
static int64_t reap_orphans(tether__catalog *catalog)
{
    int64_t next = NEVER;
    int64_t now = tether__os_monotonic_ms();
    uv_mutex_lock(&catalog->state);
    for (tether__entry **link = &catalog->orphans; *link != NULL;) {
        tether__entry *orphan = *link;
        if (orphan->reap_at <= now && reap_child(orphan)) {
            tether__catalog_drop_orphan(link);
            continue;
        }
        next = earlier(next, orphan->reap_at);
        link = &orphan->next_orphan;
    }
    uv_mutex_unlock(&catalog->state);
    return next;
}

int64_t tether__duties_reap_orphan(tether__catalog *catalog, const char *task_id)
{
    bool found = false;
    uv_mutex_lock(&catalog->state);
    for (tether__entry *orphan = catalog->orphans; orphan != NULL; orphan = orphan->next_orphan) {
        if (strcmp(orphan->id, task_id) != 0)
            continue;
        orphan->reap_pause_ms = 1;
        orphan->reap_at = 0;
        found = true;
    }
    uv_mutex_unlock(&catalog->state);
    return found ? reap_orphans(catalog) : NEVER;
}

static void schedule_inspection(tether__catalog *catalog, const char *task_id, int64_t at)
{
    uv_mutex_lock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    if (entry != NULL)
        entry->inspect_at = at;
    uv_mutex_unlock(&catalog->state);
}

/* Refreshes the task, which may write `running`. After a failure, such as a session lock that is
 * held for too long, tries again later; not in a store that was removed. */
static void inspect(tether__catalog *catalog, const char *task_id)
{
    uv_mutex_lock(&catalog->disk);
    schedule_inspection(catalog, task_id, 0);
    /* The refresh may set the time again: on Windows, for a supervisor that its host has created
     * suspended and is about to resume (is_released in refresh.c). */
    int code = tether__refresh(catalog, task_id, TETHER__INSPECT_NOW, NULL, NULL);
    if (code != TETHER_OK && code != TETHER_EGONE)
        schedule_inspection(catalog, task_id, tether__os_monotonic_ms() + RETRY_MS);
    uv_mutex_unlock(&catalog->disk);
}

/* Sends one reminder, however many intervals have passed, such as while this host was stopped. */
static void send_reminder(tether__catalog *catalog, const char *task_id)
{
    uv_mutex_lock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    int64_t now = tether__os_monotonic_ms();
    if (entry != NULL && entry->reminder_at > 0) {
        tether__events_task(catalog->events, TETHER_EVENT_REMINDER, task_id,
                            tether__entry_elapsed(entry));
        int64_t passed = now > entry->reminder_at ? (now - entry->reminder_at) : 0;
        entry->reminder_at += (passed / catalog->reminder_ms + 1) * catalog->reminder_ms;
    }
    uv_mutex_unlock(&catalog->state);
}

/* Whether the task, or the whole store, is no longer on the disk. Then forgets the task: no later
 * attempt could succeed. */
static bool forget_if_gone(tether__catalog *catalog, const char *task_id, int code)
{
    bool gone = code == TETHER_ENOTASK || code == TETHER_EGONE;
    if (gone) {
        uv_mutex_lock(&catalog->disk);
        tether__catalog_forget(catalog, task_id);
        uv_mutex_unlock(&catalog->disk);
    }
    return gone;
}

/* Continues a kill after a failure that may be temporary, such as a lack of descriptors. */
static void retry_kill(tether__catalog *catalog, const char *task_id)
{
    uv_mutex_lock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    if (entry != NULL && entry->status == TETHER_STATUS_KILLING &&
        entry->driver == TETHER__DRIVER_NONE) {
        entry->driver = TETHER__DRIVER_LOOP;
        entry->kill.next_ms = tether__os_monotonic_ms() + RETRY_MS;
        tether__catalog_schedule(catalog, entry);
    }
    uv_mutex_unlock(&catalog->state);
}

/* Begins the kill of a task whose deadline has passed. After a failure that may be temporary, such
 * as a session lock that is held for too long, tries again later. */
static void enforce_deadline(tether__catalog *catalog, const char *task_id)
{
    bool is_driver;
    tether_error problem = {0}, missed = {0};
    int code = tether__kill_begin(catalog, task_id, TETHER__INTENT_TIMEOUT, 0, TETHER__DRIVER_LOOP,
                                  &is_driver, &problem);
    if (code == TETHER_OK || forget_if_gone(catalog, task_id, code))
        return;
    tether__fail(&missed, problem.code, problem.os_error, "enforce deadline",
                 "the deadline of task %s has passed and cannot be kept from here: %.400s", task_id,
                 problem.message);
    tether__events_log(catalog->events, TETHER_LOG_ERROR, task_id, &missed);
    uv_mutex_lock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    if (entry != NULL)
        entry->deadline_monotonic_ms = tether__os_monotonic_ms() + RETRY_MS;
    uv_mutex_unlock(&catalog->state);
}

static void step_kill(tether__catalog *catalog, const char *task_id)
{
    int64_t next;
    tether_error problem = {0};
    int code = tether__kill_step(catalog, task_id, &next, &problem);
    if (code == TETHER_OK || forget_if_gone(catalog, task_id, code))
        return;
    tether__events_log(catalog->events, TETHER_LOG_ERROR, task_id, &problem);
    retry_kill(catalog, task_id);
}

static void do_duty(tether__catalog *catalog, const due *item)
{
    switch (item->kind) {
    case DUTY_INSPECT:
        inspect(catalog, item->id);
        break;
    case DUTY_DEADLINE:
        enforce_deadline(catalog, item->id);
        break;
    case DUTY_KILL:
        step_kill(catalog, item->id);
        break;
    case DUTY_REAP:
        tether__duties_reap(catalog, item->id);
        break;
    case DUTY_REMIND:
        send_reminder(catalog, item->id);
        break;
    }
}

int64_t tether__duties_do(tether__catalog *catalog)
{
    due list[MAX_DUE];
    size_t count;
    int64_t next = collect_due(catalog, list, &count);
    for (size_t i = 0; i < count; i++)
        do_duty(catalog, &list[i]);
    /* This work may have made other work due. Collects again only to learn whether and when work is
     * due: the next turn of the loop does that work, so that events are not delayed. */
    if (count > 0)
        next = collect_due(catalog, list, &count);
    int64_t orphans = reap_orphans(catalog);
    return count > 0 ? tether__os_monotonic_ms() : earlier(next, orphans);
}
