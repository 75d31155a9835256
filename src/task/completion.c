/* Owns completions: which ended tasks await an acknowledgement, who leases them, and the
 * acknowledgement itself.
 * Must not: keep any state of its own; the records have it all.
 * Thread: any; a call that waits must not run on a host's own loop. */
#include "tether/completion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/grow.h"
#include "base/options.h"
#include "base/utf8.h"
#include "engine/refresh.h"
#include "engine/replay.h"
#include "engine/sessions.h"
#include "engine/snapshot.h"
#include "engine/waiting.h"
#include "format/name.h"
#include "format/snapshot.h"
#include "os/clock.h"
#include "os/lifeline.h"
#include "output/compress.h"
#include "store/ledger.h"
#include "task/lease.h"
#include "task/tasks.h"

/* A change of one task's completion, and its result. */
typedef struct completion_change {
    tether_registry *registry;
    const char *task_id;
    bool (*change)(tether__record *record, void *userdata);
    bool ended;
    bool leased; /* by another live registry */
    bool done;
    const char *failure;         /* why the change could not be made; static; NULL: it could */
    bool only_free;              /* skip the task if another registry leases it */
    char holder[TETHER_ID_SIZE]; /* the one that made it skip the task; empty: none */
    tether_snapshot *snapshot;   /* receives the task's snapshot; NULL: not needed */
} completion_change;

static bool is_pending_record(const tether__record *record)
{
    return tether_status_ended(record->status) && record->notify_on_completion &&
           !record->completion_delivered && !record->read_only;
}

/* Returns whether another live registry has leased the completion. The answer may be out of date at
 * once, unless the caller holds the session lock. */
static bool is_leased_elsewhere(tether_registry *registry, const tether__record *record)
{
    const char *holder = record->lease_holder;
    return holder != NULL && !tether__holder_is(&registry->holder, holder) &&
           tether__holder_alive(&registry->holder, holder);
}

static bool check_available(const tether__record *record, completion_change *c)
{
    c->ended = tether_status_ended(record->status);
    c->leased =
        c->ended && !record->completion_delivered && is_leased_elsewhere(c->registry, record);
    return c->ended && !c->leased;
}

static bool set_leased(tether__record *record, void *userdata)
{
    completion_change *c = userdata;
    if (!check_available(record, c) || !is_pending_record(record) ||
        tether__holder_is(&c->registry->holder, record->lease_holder))
        return false;
    c->done = tether__record_set(record, &record->lease_holder, c->registry->holder.id);
    if (!c->done)
        c->failure = "memory is short";
    return c->done;
}

static bool set_delivered(tether__record *record, void *userdata)
{
    completion_change *c = userdata;
    if (!check_available(record, c) || record->completion_delivered)
        return false;
    record->completion_delivered = true;
    c->done = true;
    return tether__record_set(record, &record->lease_holder, NULL);
}

/* Acknowledges a completion only if it is pending. */
static bool set_drained(tether__record *record, void *userdata)
{
    return is_pending_record(record) && set_delivered(record, userdata);
}

static bool set_released(tether__record *record, void *userdata)
{
    completion_change *c = userdata;
    c->done = tether__holder_is(&c->registry->holder, record->lease_holder) &&
              tether__record_set(record, &record->lease_holder, NULL);
    return c->done;
}

static bool set_promoted(tether__record *record, void *userdata)
{
    completion_change *c = userdata;
    c->done = !record->notify_on_completion;
    record->notify_on_completion = true;
    return c->done;
}

/* The caller holds `disk`. */
static int change_locked(tether__catalog *catalog, completion_change *c, tether_error *error)
{
    tether__entry *entry;
    int code = tether__refresh_change(catalog, c->task_id, c->change, c, &entry, error);
    if (code != TETHER_OK) /* a change that could not be written did not happen */
        c->done = false;
    else if (c->failure != NULL)
        code = tether__fail(error, TETHER_EIO, 0, "change completion",
                            "the completion of task %s could not be changed: %s; try again",
                            c->task_id, c->failure);
    if (code == TETHER_OK && c->done && entry->record.completion_delivered)
        tether__entry_trim(entry);
    /* Without an event, other hosts do not inspect a task again that they know to have ended. */
    if (c->done && c->change == set_promoted && entry->ended)
        tether__os_lifeline_notify(catalog->session->exits, c->task_id);
    return code;
}

static int change_in(tether__catalog *catalog, bool own, void *userdata, tether_error *error)
{
    (void)own;
    uv_mutex_lock(&catalog->disk);
    int code = change_locked(catalog, userdata, error);
    uv_mutex_unlock(&catalog->disk);
    return code;
}

/* --- Candidates --- */

/* A completion that was pending when its record was last read. The record is read again before the
 * completion is returned or changed. */
typedef struct candidate {
    char id[TETHER_ID_SIZE];
    char *session_id; /* NULL: the registry's own */
    int64_t finished_at;
    const char *order_session; /* the same with the id of the registry's own, for the order */
    uint64_t end_at;           /* tether__end_place */
} candidate;

typedef struct candidates {
    tether_registry *registry;
    bool skip_own; /* skip what this registry leases already */
    candidate *items;
    size_t count;
    size_t capacity;
    /* Why some tasks could not be read. The candidates are valid all the same. */
    int code;
    tether_error problem;
} candidates;

static bool add_candidate(candidates *all, const tether__entry *entry, const char *session_id)
{
    void *items = all->items;
    if (!tether__grow(&items, all->count, &all->capacity, sizeof *all->items))
        return false;
    all->items = items;
    candidate *item = &all->items[all->count];
    *item = (candidate){.finished_at = entry->record.finished_at};
    strcpy(item->id, entry->id);
    if (!tether__utf8_set(&item->session_id, session_id))
        return false;
    item->order_session = session_id != NULL ? item->session_id : all->registry->session.id;
    all->count++;
    return true;
}

/* Notes of a session's candidates, which begin with the first one, where their ends stand in its
 * journal. Returns false when memory is short. */
static bool note_ends(candidates *all, size_t first, const tether__session *session)
{
    size_t count = all->count - first;
    tether__end_place *ends = calloc(count + 1, sizeof *ends);
    if (ends == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        ends[i].task_id = all->items[first + i].id;
    tether__ledger_ends(session, ends, count);
    for (size_t i = 0; i < count; i++)
        all->items[first + i].end_at = ends[i].at;
    free(ends);
    return true;
}

static int add_session(tether__catalog *catalog, bool own, void *userdata, tether_error *error)
{
    candidates *all = userdata;
    const char *session_id = own ? NULL : catalog->session->id;
    tether_error problem = {0};
    int code = tether__replay(catalog, TETHER__SCOPE_PENDING, TETHER__INSPECT_NOW, NULL, &problem);
    if (tether__replay_is_general(code)) {
        tether__error_set(error, &problem);
        return code;
    }
    if (code != TETHER_OK && all->code == TETHER_OK) {
        all->code = code;
        all->problem = problem;
    }
    bool fits = true;
    size_t first = all->count;
    uv_mutex_lock(&catalog->disk);
    for (size_t i = 0; fits && i < catalog->count; i++) {
        const tether__entry *entry = catalog->entries[i];
        const tether__record *record = &entry->record;
        if (is_pending_record(record) &&
            !(all->skip_own && tether__holder_is(&all->registry->holder, record->lease_holder)))
            fits = add_candidate(all, entry, session_id);
    }
    uv_mutex_unlock(&catalog->disk);
    fits = fits && note_ends(all, first, catalog->session);
    return fits ? TETHER_OK : tether__fail_memory(error, "list completions");
}

/* By time, which has the resolution of file times, then by the journal; all hosts find the same
 * order. Sessions have none in common. */
static int oldest_first(const void *left, const void *right)
{
    const candidate *a = left, *b = right;
    if (a->finished_at != b->finished_at)
        return a->finished_at < b->finished_at ? -1 : 1;
    int order = strcmp(a->order_session, b->order_session);
    if (order == 0 && a->end_at != b->end_at)
        return a->end_at < b->end_at ? -1 : 1;
    return order != 0 ? order : strcmp(a->id, b->id);
}

static void dispose_candidates(candidates *all)
{
    for (size_t i = 0; i < all->count; i++)
        free(all->items[i].session_id);
    free(all->items);
}

static int find_candidates(tether_registry *registry, bool all_sessions, bool skip_own,
                           candidates *all, tether_error *error)
{
    *all = (candidates){.registry = registry, .skip_own = skip_own};
    int code = all_sessions ? tether__sessions_visit(registry, add_session, all, error)
                            : add_session(&registry->catalog, true, all, error);
    if (code == TETHER_OK && all->count > 1)
        qsort(all->items, all->count, sizeof *all->items, oldest_first);
    return code;
}

/* --- Lists --- */

/* Refreshes the task and then, if its completion is still pending and not leased elsewhere, changes
 * the completion. Creates the snapshot first, so that a change is never made without a snapshot to
 * return. The caller holds `disk`. */
static int select_locked(tether__catalog *catalog, completion_change *c, tether_error *error)
{
    tether__entry *entry;
    int code = tether__refresh(catalog, c->task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code != TETHER_OK || !is_pending_record(&entry->record))
        return code;
    if (c->only_free && is_leased_elsewhere(c->registry, &entry->record)) {
        snprintf(c->holder, sizeof c->holder, "%s", entry->record.lease_holder);
        return code;
    }
    if (c->snapshot != NULL)
        code = tether__snapshot_fill(catalog->session, entry, c->snapshot, error);
    if (code == TETHER_OK && c->change != NULL)
        return change_locked(catalog, c, error);
    c->done = code == TETHER_OK;
    return code;
}

static int select_in(tether__catalog *catalog, bool own, void *userdata, tether_error *error)
{
    (void)own;
    uv_mutex_lock(&catalog->disk);
    int code = select_locked(catalog, userdata, error);
    uv_mutex_unlock(&catalog->disk);
    return code;
}

/* Skips tasks that were removed or damaged, or that only a newer version may write. */
static int select_one(const candidate *item, completion_change *c, tether_error *error)
{
    tether_registry *registry = c->registry;
    c->task_id = item->id;
    int code = item->session_id != NULL
                   ? tether__sessions_visit_one(registry, item->session_id, select_in, c, error)
                   : select_in(&registry->catalog, true, c, error);
    if (code == TETHER_ENOTASK || code == TETHER_EREADONLY || code == TETHER_ECORRUPT)
        code = TETHER_OK;
    if (!c->done || code != TETHER_OK)
        return code;
    if (c->change == set_leased && item->session_id != NULL &&
        !tether__leases_add(&tether__tasks_of(registry)->leases, item->id, item->session_id))
        return tether__fail_memory(error, "lease completion");
    return TETHER_OK;
}

/* Selects candidates, oldest first, up to the limit (0: none), and applies `change` (NULL: none) to
 * each. If at least one was changed, the call succeeds and returns those that were, even if another
 * one fails: the caller has to learn of each change. A list without a change is complete, up to the
 * limit, or the call fails. */
static int select_all(const candidates *all, size_t limit,
                      bool (*change)(tether__record *record, void *userdata),
                      tether_snapshot_list **out, tether_error *error)
{
    int code = TETHER_OK, first = all->code;
    tether_error problem = {0}, first_problem = all->problem;
    size_t capacity = limit == 0 || limit > all->count ? all->count : limit;
    tether_snapshot_list *list = tether__snapshot_list_new(capacity);
    if (list == NULL)
        return tether__fail_memory(error, "list completions");
    *out = list;
    for (size_t i = 0; !tether__replay_is_general(code) && i < all->count && list->count < capacity;
         i++) {
        tether_snapshot *item = tether__snapshot_new();
        if (item == NULL) {
            first = tether__fail_memory(&first_problem, "list completions");
            break;
        }
        completion_change c = {.registry = all->registry,
                               .change = change,
                               .only_free = change != NULL,
                               .snapshot = item};
        code = select_one(&all->items[i], &c, &problem);
        if (code != TETHER_OK && first == TETHER_OK) {
            first = code;
            first_problem = problem;
        }
        if (!c.done) {
            tether_snapshot_free(item);
            continue;
        }
        item->completion_delivered = change == set_drained;
        tether__compress_preview(all->registry, item);
        list->items[list->count++] = item;
    }
    /* A list that is as long as requested lacks nothing. */
    bool complete = first == TETHER_OK || (limit > 0 && list->count == limit);
    if (complete || (change != NULL && list->count > 0))
        return TETHER_OK;
    tether__error_set(error, &first_problem);
    return first;
}

static int collect(tether_registry *registry, const tether_completion_options *given,
                   bool (*change)(tether__record *record, void *userdata),
                   tether_snapshot_list **out, tether_error *error)
{
    candidates all;
    tether_completion_options options;
    *out = NULL;
    int code = tether__options_take(given, &options, sizeof options, NULL,
                                    "tether_completion_options", error);
    if (code != TETHER_OK)
        return code;
    tether_snapshot_list *list = NULL;
    code = find_candidates(registry, options.all_sessions, change == set_leased, &all, error);
    if (code == TETHER_OK)
        code = select_all(&all, options.limit, change, &list, error);
    dispose_candidates(&all);
    if (code == TETHER_OK)
        *out = list;
    else
        tether_snapshot_list_free(list);
    return code;
}

int tether_completions_peek(tether_registry *registry, const tether_completion_options *options,
                            tether_snapshot_list **list, tether_error *error)
{
    return collect(registry, options, NULL, list, error);
}

int tether_completions_lease(tether_registry *registry, const tether_completion_options *options,
                             tether_snapshot_list **list, tether_error *error)
{
    *list = NULL;
    int code = tether__holder_publish(&registry->holder, registry->session.lock_timeout_ms, error);
    return code == TETHER_OK ? collect(registry, options, set_leased, list, error) : code;
}

int tether_completions_drain(tether_registry *registry, const tether_completion_options *options,
                             tether_snapshot_list **list, tether_error *error)
{
    return collect(registry, options, set_drained, list, error);
}

/* --- One completion --- */

/* Changes the completion of a task of the own session, or of a task that this registry leased in
 * another session. A lease stays in the list after the acknowledgement, so that a second
 * acknowledgement finds the task and is no error. */
static int change_one(tether_registry *registry, const char *task_id,
                      bool (*change)(tether__record *record, void *userdata), completion_change *c,
                      tether_error *error)
{
    *c = (completion_change){.registry = registry, .task_id = task_id, .change = change};
    int code = tether__check_task_id(task_id, error);
    if (code != TETHER_OK)
        return code;
    char *session_id;
    if (!tether__leases_find(&tether__tasks_of(registry)->leases, task_id, &session_id))
        return tether__fail_memory(error, "change completion");
    code = session_id != NULL
               ? tether__sessions_visit_one(registry, session_id, change_in, c, error)
               : change_in(&registry->catalog, true, c, error);
    free(session_id);
    return code;
}

int tether_completion_release(tether_registry *registry, const char *task_id, tether_error *error)
{
    completion_change c;
    tether_error problem = {0};
    int code = change_one(registry, task_id, set_released, &c, &problem);
    /* This version cannot hold a lease in a record of a newer version. */
    if (code == TETHER_EREADONLY)
        return TETHER_OK;
    if (code == TETHER_OK)
        tether__leases_remove(&tether__tasks_of(registry)->leases, task_id);
    else
        tether__error_set(error, &problem);
    return code;
}

int tether_completion_ack(tether_registry *registry, const char *task_id, bool *fresh,
                          tether_error *error)
{
    completion_change c;
    if (fresh != NULL)
        *fresh = false;
    int code = change_one(registry, task_id, set_delivered, &c, error);
    if (code != TETHER_OK)
        return code;
    if (!c.ended)
        return tether__fail(error, TETHER_ENOTENDED, 0, "acknowledge",
                            "task %s has not ended; wait for it first", task_id);
    if (c.leased)
        return tether__fail(error, TETHER_ELEASED, 0, "acknowledge",
                            "another host has leased the completion of task %s; try again when "
                            "it has acknowledged or released it, or has ended",
                            task_id);
    tether__leases_acknowledge(&tether__tasks_of(registry)->leases, task_id);
    if (fresh != NULL)
        *fresh = c.done;
    return TETHER_OK;
}

int tether_promote(tether_registry *registry, const char *task_id, tether_error *error)
{
    completion_change c;
    return change_one(registry, task_id, set_promoted, &c, error);
}

/* --- Waiting --- */

enum { HOLDERS_KNOWN = 8 };

/* What a call that found no completion waits for, besides the ends of tasks. */
typedef struct obstacles {
    size_t holders; /* how many hold leases; more than HOLDERS_KNOWN: that many, or more */
    char ids[HOLDERS_KNOWN][TETHER_ID_SIZE];
    bool others; /* completions that were not free, for another reason */
} obstacles;

static void note_holder(obstacles *found, const char *id)
{
    for (size_t i = 0; i < found->holders && i < HOLDERS_KNOWN; i++) {
        if (strcmp(found->ids[i], id) == 0)
            return;
    }
    if (found->holders < HOLDERS_KNOWN)
        strcpy(found->ids[found->holders], id);
    if (found->holders <= HOLDERS_KNOWN)
        found->holders++;
}

/* What the caller has seen, sorted. */
typedef struct seen_list {
    const tether_snapshot **items; /* NULL: the caller has no such list */
    size_t count;
} seen_list;

/* Task ids are unique only within their session. */
static int by_task(const void *left, const void *right)
{
    const tether_snapshot *a = *(const tether_snapshot *const *)left;
    const tether_snapshot *b = *(const tether_snapshot *const *)right;
    int order = strcmp(a->task_id, b->task_id);
    if (order != 0 || a->session_id == NULL || b->session_id == NULL)
        return order;
    return strcmp(a->session_id, b->session_id);
}

static int sort_seen(const tether_snapshot_list *list, seen_list *seen, tether_error *error)
{
    *seen = (seen_list){0};
    if (list == NULL)
        return TETHER_OK;
    seen->items = calloc(list->count + 1, sizeof *seen->items);
    if (seen->items == NULL)
        return tether__fail_memory(error, "wait");
    for (; seen->count < list->count; seen->count++)
        seen->items[seen->count] = list->items[seen->count];
    qsort((void *)seen->items, seen->count, sizeof *seen->items, by_task);
    return TETHER_OK;
}

static bool is_seen(const tether_registry *registry, const seen_list *seen, const candidate *item)
{
    tether_snapshot wanted = {.session_id = item->session_id != NULL ? item->session_id
                                                                     : registry->session.id};
    strcpy(wanted.task_id, item->id);
    const tether_snapshot *key = &wanted;
    return seen->count > 0 && bsearch((const void *)&key, (const void *)seen->items, seen->count,
                                      sizeof *seen->items, by_task) != NULL;
}

/* Finds out whether there is a pending completion that this registry could lease, or that the
 * caller has not seen, and otherwise what stands in the way. */
static int find_available(tether_registry *registry, bool all_sessions, const seen_list *seen,
                          bool *found, obstacles *in_the_way, tether_error *error)
{
    candidates all;
    tether_error problem = {0};
    bool to_lease = seen->items == NULL;
    *found = false;
    in_the_way->holders = 0;
    in_the_way->others = false;
    int code = find_candidates(registry, all_sessions, to_lease, &all, &problem);
    for (size_t i = 0; code == TETHER_OK && !*found && i < all.count; i++) {
        completion_change c = {.registry = registry, .only_free = to_lease};
        if (is_seen(registry, seen, &all.items[i]))
            continue;
        code = select_one(&all.items[i], &c, &problem);
        *found = c.done;
        if (c.holder[0] != '\0')
            note_holder(in_the_way, c.holder);
        else
            in_the_way->others = in_the_way->others || !c.done;
    }
    if (code == TETHER_OK && !*found && all.code != TETHER_OK) {
        code = all.code;
        problem = all.problem;
    }
    dispose_candidates(&all);
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

/* Any task that runs may be the next with a completion. */
static int await_all(tether__wait *wait, const obstacles *in_the_way, tether_error *error)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    tether_registry *registry = wait->registry;
    int code = tether__catalog_ids(&registry->catalog, TETHER__SCOPE_LIVE, &ids, &count, error);
    if (code != TETHER_OK)
        return code;
    tether__wait_await(wait, count + in_the_way->holders);
    for (size_t i = 0; i < count && i < TETHER__ENDS_LIMIT; i++)
        tether__awaiting_task(&wait->awaiting, ids[i]);
    for (size_t i = 0; i < in_the_way->holders && i < HOLDERS_KNOWN; i++)
        tether__awaiting_holder(&wait->awaiting, &registry->holder, in_the_way->ids[i]);
    tether__awaiting_settle(&wait->awaiting);
    free(ids);
    return TETHER_OK;
}

static int wait_for_completion(tether__wait *wait, bool all_sessions, const seen_list *seen,
                               tether_error *error)
{
    obstacles in_the_way;
    for (;;) {
        bool found = false;
        int code = tether__wait_prepare(wait, error);
        if (code == TETHER_OK)
            code = find_available(wait->registry, all_sessions, seen, &found, &in_the_way, error);
        if (code == TETHER_OK && !found && !all_sessions)
            code = await_all(wait, &in_the_way, error);
        if (code != TETHER_OK || found)
            return code;
        /* No event tells of another session, and not everywhere of the death of a holder. */
        bool leased = in_the_way.holders > 0 || in_the_way.others;
        bool told =
            wait->awaiting.told && in_the_way.holders <= HOLDERS_KNOWN && !in_the_way.others;
        wait->untold = all_sessions || (leased && !told);
        code = tether__wait_sleep(wait, NULL, error);
        if (code != TETHER_OK)
            return code;
    }
}

int tether_completions_wait(tether_registry *registry, const tether_completion_options *given,
                            int64_t timeout_ms, tether_error *error)
{
    tether_completion_options options;
    tether__wait wait;
    seen_list seen;
    int code = tether__options_take(given, &options, sizeof options, NULL,
                                    "tether_completion_options", error);
    if (code == TETHER_OK)
        code = sort_seen(options.seen, &seen, error);
    if (code != TETHER_OK)
        return code;
    code = tether__wait_begin(registry, "wait", timeout_ms, &wait, error);
    if (code == TETHER_OK)
        code = wait_for_completion(&wait, options.all_sessions, &seen, error);
    tether__wait_end(&wait);
    free((void *)seen.items);
    return code;
}
