/* Owns waiting for the ends of tasks.
 * Must not: wait for an output to be closed, or poll while there are events.
 * Thread: any but that of a host's own loop. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/core.h"
#include "engine/refresh.h"
#include "engine/replay.h"
#include "engine/waiting.h"
#include "format/name.h"
#include "store/ledger.h"
#include "tether/task.h"

/* Some tasks, and which of them have ended. */
typedef struct task_set {
    tether_registry *registry;
    size_t count;
    size_t ended;     /* how many have ended, of those not reported */
    size_t first;     /* index of the one that ended first */
    int64_t first_at; /* when that one ended */
    size_t tied;      /* how many have ended then */
    bool *reported;   /* by a waiter; NULL: none was */
    const char *(*id)(const void *ids, size_t index);
    const void *ids;
    size_t live_count;                    /* how many have not ended, of those not reported */
    const char *live[TETHER__ENDS_LIMIT]; /* some of these */
} task_set;

static const char *id_in_pointers(const void *ids, size_t index)
{
    return ((const char *const *)ids)[index];
}

static const char *id_in_rows(const void *ids, size_t index)
{
    return ((const char(*)[TETHER_ID_SIZE])ids)[index];
}

static bool is_reported(const task_set *set, size_t index)
{
    return set->reported != NULL && set->reported[index];
}

/* The first look of a call that will have the exits of all tasks watched: where events vouch for
 * what runs, it looks at the journal only. */
static tether__inspect_mode first_look(task_set *set, int64_t timeout_ms)
{
    tether__file_stamp stamp;
    tether__catalog *catalog = &set->registry->catalog;
    if (timeout_ms == 0 || set->count > TETHER__ENDS_LIMIT ||
        tether__refresh_list_mode(catalog) != TETHER__INSPECT_TOLD)
        return TETHER__INSPECT_NOW;
    (void)tether__ledger_stamp(catalog->session, set->id(set->ids, 0), &stamp, NULL);
    return TETHER__INSPECT_TOLD_OR_NOW;
}

/* Refreshes a task. If the catalog knows that the task has ended, which is final, only checks that
 * the task still exists. The caller holds `disk`. */
static int refresh_one(tether__catalog *catalog, const char *task_id, tether__inspect_mode mode,
                       tether_error *error)
{
    tether__file_stamp stamp;
    const tether__entry *entry = tether__catalog_find(catalog, task_id);
    if (entry != NULL && tether_status_ended(entry->record.status) && !entry->unsaved &&
        tether__bundle_stamp(catalog->session, task_id, &stamp, NULL) == TETHER_OK)
        return TETHER_OK;
    return tether__refresh(catalog, task_id, mode, NULL, error);
}

/* Refreshes every task from the disk, so that the answer is never older than this call. A waiter
 * treats a task that was removed as reported. */
static int refresh_all(task_set *set, tether__inspect_mode mode, tether_error *error)
{
    int code = TETHER_OK;
    tether_error problem = {0};
    tether__catalog *catalog = &set->registry->catalog;
    for (size_t i = 0; code == TETHER_OK && i < set->count; i++) {
        if (is_reported(set, i))
            continue;
        uv_mutex_lock(&catalog->disk);
        code = refresh_one(catalog, set->id(set->ids, i), mode, &problem);
        uv_mutex_unlock(&catalog->disk);
        if (code == TETHER_ENOTASK && set->reported != NULL) {
            set->reported[i] = true;
            code = TETHER_OK;
        }
    }
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

/* Notes an ended task. Compares by the time on the disk, which is the same for all hosts. */
static void note_end(task_set *set, size_t index, int64_t finished_at)
{
    if (set->ended > 0 && finished_at == set->first_at) {
        set->tied++;
    } else if (set->ended == 0 || finished_at < set->first_at) {
        set->first_at = finished_at;
        set->first = index;
        set->tied = 1;
    }
    set->ended++;
}

/* Whether the end of a task stands before that of another one in the journal, whose order is the
 * same for all hosts, too. Where the journal does not tell, the ids decide. */
static bool ended_before(const task_set *set, size_t a, size_t b)
{
    tether__end_place ends[] = {{set->id(set->ids, a), 0}, {set->id(set->ids, b), 0}};
    tether__ledger_ends(&set->registry->session, ends, 2);
    if (ends[0].at != ends[1].at)
        return ends[0].at < ends[1].at;
    return strcmp(ends[0].task_id, ends[1].task_id) < 0;
}

/* Takes `state`. */
static bool is_tied(const task_set *set, size_t index)
{
    tether__catalog *catalog = &set->registry->catalog;
    uv_mutex_lock(&catalog->state);
    const tether__entry *entry = tether__catalog_find(catalog, set->id(set->ids, index));
    bool result = entry != NULL && entry->ended && entry->finished_at == set->first_at;
    uv_mutex_unlock(&catalog->state);
    return result;
}

/* Finds the first one of the tasks that ended at the earliest time. Takes `state`, but not for as
 * long as the ledger may be busy with the disk. */
static void break_tie(task_set *set)
{
    if (set->ended == 0 || set->tied < 2)
        return;
    for (size_t i = set->first + 1; i < set->count; i++) {
        if (!is_reported(set, i) && is_tied(set, i) && ended_before(set, i, set->first))
            set->first = i;
    }
}

/* Counts the ended tasks of the set by what the catalog knows. Returns false if the catalog lacks
 * one of the tasks: then the disk has to be checked. Takes `state`. */
static bool count_ended(task_set *set)
{
    bool complete = true;
    tether__catalog *catalog = &set->registry->catalog;
    set->ended = 0;
    set->live_count = 0;
    uv_mutex_lock(&catalog->state);
    for (size_t i = 0; i < set->count; i++) {
        if (is_reported(set, i))
            continue;
        const char *id = set->id(set->ids, i);
        const tether__entry *entry = tether__catalog_find(catalog, id);
        complete = complete && entry != NULL;
        if (entry != NULL && entry->ended) {
            note_end(set, i, entry->finished_at);
            continue;
        }
        if (set->live_count < TETHER__ENDS_LIMIT)
            set->live[set->live_count] = id;
        set->live_count++;
    }
    uv_mutex_unlock(&catalog->state);
    return complete;
}

/* Counts the ended tasks, after a refresh of all from the disk if `check_disk`. In between, no
 * entry may be pruned, or the count would never be complete. */
static int check_tasks(task_set *set, bool check_disk, tether__inspect_mode mode, bool *complete,
                       tether_error *error)
{
    int code = TETHER_OK;
    tether__catalog *catalog = &set->registry->catalog;
    if (!check_disk) {
        *complete = count_ended(set);
        return TETHER_OK;
    }
    tether__catalog_hold(catalog);
    code = refresh_all(set, mode, error);
    *complete = code == TETHER_OK && count_ended(set);
    tether__catalog_release(catalog);
    return code;
}

static void await_ends(const task_set *set, tether__wait *wait)
{
    tether__wait_await(wait, set->live_count);
    for (size_t i = 0; i < set->live_count && i < TETHER__ENDS_LIMIT; i++)
        tether__awaiting_task(&wait->awaiting, set->live[i]);
    tether__awaiting_settle(&wait->awaiting);
}

static size_t count_unreported(const task_set *set)
{
    size_t unreported = 0;
    for (size_t i = 0; i < set->count; i++)
        unreported += is_reported(set, i) ? 0 : 1;
    return unreported;
}

static void fail_timed_out(size_t left, size_t total, tether_error *error)
{
    if (total == 1)
        tether__fail(error, TETHER_ETIMEDOUT, 0, "wait",
                     "the wait timed out before the task ended; wait again, or longer");
    else
        tether__fail(error, TETHER_ETIMEDOUT, 0, "wait",
                     "the wait timed out before %zu of %zu tasks ended; wait again, or longer",
                     left, total);
}

/* Returns when all (or any) of the tasks that were not reported have ended, or all were
 * reported. */
static int wait_for(task_set *set, tether_wait_mode mode, int64_t timeout_ms, tether_error *error)
{
    tether__wait wait;
    bool check_disk = true, complete;
    int code = tether__wait_begin(set->registry, "wait", timeout_ms, &wait, error);
    tether__inspect_mode look =
        code == TETHER_OK ? first_look(set, timeout_ms) : TETHER__INSPECT_NOW;
    while (code == TETHER_OK) {
        code = tether__wait_prepare(&wait, error);
        if (code == TETHER_OK)
            code = check_tasks(set, check_disk, look, &complete, error);
        if (code != TETHER_OK)
            break;
        look = TETHER__INSPECT_NOW;
        check_disk = !complete;
        if (check_disk)
            continue;
        size_t unreported = count_unreported(set);
        if (set->ended == unreported || (mode == TETHER_WAIT_ANY && set->ended > 0))
            break;
        await_ends(set, &wait);
        code = tether__wait_sleep(&wait, &check_disk, NULL);
        if (code == TETHER_ETIMEDOUT)
            fail_timed_out(unreported - set->ended, unreported, error);
    }
    if (code == TETHER_OK)
        break_tie(set);
    tether__wait_end(&wait);
    return code;
}

static int check_ids(const char *const *ids, size_t count, tether_error *error)
{
    int code = TETHER_OK;
    for (size_t i = 0; code == TETHER_OK && i < count; i++)
        code = tether__check_task_id(ids[i], error);
    return code;
}

int tether_wait(tether_registry *registry, const char *const *task_ids, size_t count,
                tether_wait_mode mode, int64_t timeout_ms, size_t *index, tether_error *error)
{
    if (task_ids == NULL || count == 0)
        return tether__fail(error, TETHER_EINVAL, 0, "wait", "no task was named");
    int code = check_ids(task_ids, count, error);
    if (code != TETHER_OK)
        return code;
    task_set set = {.registry = registry, .count = count, .id = id_in_pointers, .ids = task_ids};
    code = wait_for(&set, mode, timeout_ms, error);
    if (code == TETHER_OK && index != NULL)
        *index = set.first;
    return code;
}

/* --- Waiters --- */

struct tether_waiter {
    tether_registry *registry;
    size_t count;
    char (*ids)[TETHER_ID_SIZE];
    bool *reported;
};

static int collect_running(tether_waiter *waiter, tether_error *error)
{
    tether__catalog *catalog = &waiter->registry->catalog;
    int code = tether__replay(catalog, TETHER__SCOPE_LIVE, TETHER__INSPECT_NOW, NULL, error);
    if (code == TETHER_OK)
        code =
            tether__catalog_ids(catalog, TETHER__SCOPE_LIVE, &waiter->ids, &waiter->count, error);
    return code;
}

static int collect_given(tether_waiter *waiter, const char *const *ids, size_t count,
                         tether_error *error)
{
    int code = check_ids(ids, count, error);
    waiter->ids = calloc(count, sizeof *waiter->ids);
    if (code == TETHER_OK && waiter->ids == NULL)
        code = tether__fail_memory(error, "wait");
    if (code != TETHER_OK)
        return code;
    waiter->count = count;
    for (size_t i = 0; i < count; i++)
        strcpy(waiter->ids[i], ids[i]);
    task_set set = {
        .registry = waiter->registry, .count = count, .id = id_in_rows, .ids = waiter->ids};
    return refresh_all(&set, TETHER__INSPECT_NOW, error);
}

int tether_waiter_open(tether_registry *registry, const char *const *task_ids, size_t count,
                       tether_waiter **out, tether_error *error)
{
    *out = NULL;
    tether_waiter *waiter = calloc(1, sizeof *waiter);
    if (waiter == NULL)
        return tether__fail_memory(error, "wait");
    waiter->registry = registry;
    int code =
        count == 0 ? collect_running(waiter, error) : collect_given(waiter, task_ids, count, error);
    if (code == TETHER_OK) {
        waiter->reported = calloc(waiter->count + 1, sizeof *waiter->reported);
        if (waiter->reported == NULL)
            code = tether__fail_memory(error, "wait");
    }
    if (code != TETHER_OK) {
        tether_waiter_close(waiter);
        return code;
    }
    *out = waiter;
    return TETHER_OK;
}

int tether_waiter_next(tether_waiter *waiter, int64_t timeout_ms, char task_id[TETHER_ID_SIZE],
                       tether_error *error)
{
    task_set set = {.registry = waiter->registry,
                    .count = waiter->count,
                    .reported = waiter->reported,
                    .id = id_in_rows,
                    .ids = waiter->ids};
    task_id[0] = '\0';
    int code = wait_for(&set, TETHER_WAIT_ANY, timeout_ms, error);
    if (code != TETHER_OK)
        return code;
    if (set.ended == 0)
        return tether__fail(error, TETHER_ENOTASK, 0, "wait",
                            "all tasks of this waiter have been returned");
    waiter->reported[set.first] = true;
    strcpy(task_id, waiter->ids[set.first]);
    return TETHER_OK;
}

void tether_waiter_close(tether_waiter *waiter)
{
    if (waiter == NULL)
        return;
    free(waiter->ids);
    free(waiter->reported);
    free(waiter);
}
