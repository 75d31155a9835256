/* Owns completions: which ended tasks await an acknowledgement, who leases them, and the
 * acknowledgement itself.
 * Must not: keep any state of its own; the records have it all.
 * Thread: any; blocks on the disk. */
#include "task/completion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "engine/refresh.h"
#include "engine/replay.h"
#include "engine/sessions.h"
#include "engine/snapshot.h"
#include "format/name.h"
#include "format/snapshot.h"
#include "os/clock.h"
#include "os/lifeline.h"
#include "output/compress.h"
#include "task/candidates.h"
#include "task/lease.h"
#include "task/tasks.h"
#include "tether/completion.h"

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
    if (!check_available(record, c) || !tether__completion_is_pending(record) ||
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
    return tether__completion_is_pending(record) && set_delivered(record, userdata);
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

/* --- Lists --- */

/* Refreshes the task and then, if its completion is still pending and not leased elsewhere, changes
 * the completion. Creates the snapshot first, so that a change is never made without a snapshot to
 * return. The caller holds `disk`. */
static int select_locked(tether__catalog *catalog, completion_change *c, tether_error *error)
{
    tether__entry *entry;
    int code = tether__refresh(catalog, c->task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code != TETHER_OK || !tether__completion_is_pending(&entry->record))
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
static int select_one(const tether__candidate *item, completion_change *c, tether_error *error)
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

int tether__completion_probe(tether_registry *registry, const tether__candidate *item,
                             bool only_free, bool *available, char holder[TETHER_ID_SIZE],
                             tether_error *error)
{
    completion_change c = {.registry = registry, .only_free = only_free};
    int code = select_one(item, &c, error);
    *available = c.done;
    strcpy(holder, c.holder);
    return code;
}

/* Selects candidates, oldest first, up to the limit (0: none), and applies `change` (NULL: none) to
 * each. If at least one was changed, the call succeeds and returns those that were, even if another
 * one fails: the caller has to learn of each change. A list without a change is complete, up to the
 * limit, or the call fails. */
static int select_all(const tether__candidates *all, size_t limit,
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
    tether__candidates all;
    tether_completion_options options;
    *out = NULL;
    int code = tether__options_take(given, &options, sizeof options, NULL,
                                    "tether_completion_options", error);
    if (code != TETHER_OK)
        return code;
    tether_snapshot_list *list = NULL;
    code =
        tether__candidates_find(registry, options.all_sessions, change == set_leased, &all, error);
    if (code == TETHER_OK)
        code = select_all(&all, options.limit, change, &list, error);
    tether__candidates_dispose(&all);
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
