/* Owns completions: which ended tasks wait to be acknowledged, who holds them, the acknowledging.
 * Must not: keep anything but what the records say.
 * Thread: any; waiting not on a host's own loop. */
#include "tether/completion.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
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
#include "task/lease.h"
#include "task/tasks.h"

/* One change of one completion, and what came of it. */
typedef struct deed {
    tether_registry *registry;
    const char *task_id;
    bool (*change)(tether__record *record, void *userdata);
    tether__dir *exits; /* of the task's session */
    bool ended;
    bool leased; /* by somebody else who lives */
    bool done;
    bool free;                 /* asked for only where nobody else holds it */
    tether_snapshot *snapshot; /* of what was found; NULL: not wanted */
} deed;

static bool is_pending_record(const tether__record *record)
{
    return tether_status_ended(record->status) && record->notify_on_completion &&
           !record->completion_delivered && !record->read_only;
}

/* Whether another registry holds it. Asked under the session lock where something follows from it.
 */
static bool is_held_elsewhere(tether_registry *registry, const tether__record *record)
{
    const char *holder = record->lease_holder;
    return holder != NULL && !tether__holder_is(&registry->holder, holder) &&
           tether__holder_alive(&registry->holder, holder);
}

static bool look_first(const tether__record *record, deed *d)
{
    d->ended = tether_status_ended(record->status);
    d->leased = d->ended && !record->completion_delivered && is_held_elsewhere(d->registry, record);
    return d->ended && !d->leased;
}

static bool set_leased(tether__record *record, void *userdata)
{
    deed *d = userdata;
    if (!look_first(record, d) || !is_pending_record(record) ||
        tether__holder_is(&d->registry->holder, record->lease_holder))
        return false;
    d->done = tether__record_set(&record->lease_holder, d->registry->holder.id);
    return d->done;
}

static bool set_delivered(tether__record *record, void *userdata)
{
    deed *d = userdata;
    if (!look_first(record, d) || record->completion_delivered)
        return false;
    record->completion_delivered = true;
    d->done = true;
    return tether__record_set(&record->lease_holder, NULL);
}

/* As an acknowledgement of what is pending only. */
static bool set_drained(tether__record *record, void *userdata)
{
    return is_pending_record(record) && set_delivered(record, userdata);
}

static bool set_released(tether__record *record, void *userdata)
{
    deed *d = userdata;
    d->done = tether__holder_is(&d->registry->holder, record->lease_holder) &&
              tether__record_set(&record->lease_holder, NULL);
    return d->done;
}

/* The hint that nobody waits for it goes first: without it a look only takes longer. Under the
 * session lock, under which that hint is given. */
static bool set_promoted(tether__record *record, void *userdata)
{
    deed *d = userdata;
    d->done = !record->notify_on_completion;
    if (d->done && tether__os_lifeline_marked_done(d->exits, d->task_id))
        tether__os_lifeline_mark_ended(d->exits, d->task_id);
    record->notify_on_completion = true;
    return d->done;
}

/* Under `disk`. */
static int change_here(tether__catalog *catalog, deed *d, tether_error *error)
{
    tether__entry *entry;
    d->exits = catalog->session->exits;
    int code = tether__refresh_change(catalog, d->task_id, d->change, d, &entry, error);
    if (code != TETHER_OK) /* what could not be written did not happen */
        d->done = false;
    /* What was delivered is so for good, so that the hint needs no lock. */
    if (code == TETHER_OK && d->done && entry->record.completion_delivered &&
        tether__record_is_done(&entry->record)) {
        tether__os_lifeline_mark_done(catalog->session->exits, d->task_id);
        tether__entry_trim(entry);
    }
    /* Other hosts have no reason to look at a task that has ended. */
    if (d->done && d->change == set_promoted && entry->ended)
        tether__os_lifeline_notify(catalog->session->exits, d->task_id);
    return code;
}

static int change_in(tether__catalog *catalog, bool own, void *userdata, tether_error *error)
{
    (void)own;
    uv_mutex_lock(&catalog->disk);
    int code = change_here(catalog, userdata, error);
    uv_mutex_unlock(&catalog->disk);
    return code;
}

/* --- Candidates --- */

/* A completion that was pending when it was last read; nothing is told or taken before the disk has
 * said so again. */
typedef struct candidate {
    char id[TETHER_ID_SIZE];
    char *session_id; /* NULL: the registry's own */
    int64_t finished_at;
} candidate;

typedef struct candidates {
    tether_registry *registry;
    bool others; /* leave out what this registry has leased */
    candidate *items;
    size_t count;
    size_t room;
} candidates;

static bool add_candidate(candidates *all, const tether__entry *entry, const char *session_id)
{
    if (all->count == all->room) {
        size_t room = all->room == 0 ? 64 : all->room * 2;
        candidate *items = realloc(all->items, room * sizeof *items);
        if (items == NULL)
            return false;
        all->items = items;
        all->room = room;
    }
    candidate *item = &all->items[all->count];
    *item = (candidate){.finished_at = entry->record.finished_at};
    strcpy(item->id, entry->id);
    if (!tether__record_set(&item->session_id, session_id))
        return false;
    all->count++;
    return true;
}

static int add_session(tether__catalog *catalog, bool own, void *userdata, tether_error *error)
{
    candidates *all = userdata;
    const char *session_id = own ? NULL : catalog->session->id;
    int code = tether__replay(catalog, TETHER__SCOPE_PENDING, TETHER__INSPECT_NOW, NULL, error);
    if (code != TETHER_OK)
        return code;
    bool fits = true;
    uv_mutex_lock(&catalog->disk);
    for (size_t i = 0; fits && i < catalog->count; i++) {
        const tether__entry *entry = catalog->entries[i];
        const tether__record *record = &entry->record;
        if (is_pending_record(record) &&
            !(all->others && tether__holder_is(&all->registry->holder, record->lease_holder)))
            fits = add_candidate(all, entry, session_id);
    }
    uv_mutex_unlock(&catalog->disk);
    return fits ? TETHER_OK : tether__fail_memory(error, "list completions");
}

static int oldest_first(const void *left, const void *right)
{
    const candidate *a = left, *b = right;
    if (a->finished_at != b->finished_at)
        return a->finished_at < b->finished_at ? -1 : 1;
    return strcmp(a->id, b->id);
}

static void dispose_candidates(candidates *all)
{
    for (size_t i = 0; i < all->count; i++)
        free(all->items[i].session_id);
    free(all->items);
}

static int find_candidates(tether_registry *registry, bool all_sessions, bool others,
                           candidates *all, tether_error *error)
{
    *all = (candidates){.registry = registry, .others = others};
    int code = all_sessions ? tether__sessions_visit(registry, add_session, all, error)
                            : add_session(&registry->catalog, true, all, error);
    if (code == TETHER_OK && all->count > 1)
        qsort(all->items, all->count, sizeof *all->items, oldest_first);
    return code;
}

/* --- Lists --- */

/* Under `disk`: looks at the task once more and then, where it is still pending and free, changes
 * it. The snapshot is made first: what is taken can be handed out. */
static int take_here(tether__catalog *catalog, deed *d, tether_error *error)
{
    tether__entry *entry;
    int code = tether__refresh(catalog, d->task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code != TETHER_OK || !is_pending_record(&entry->record))
        return code;
    if (d->free && is_held_elsewhere(d->registry, &entry->record))
        return code;
    if (d->snapshot != NULL)
        code = tether__snapshot_fill(catalog->session, entry, d->snapshot, error);
    if (code == TETHER_OK && d->change != NULL)
        return change_here(catalog, d, error);
    d->done = code == TETHER_OK;
    return code;
}

static int take_in(tether__catalog *catalog, bool own, void *userdata, tether_error *error)
{
    (void)own;
    uv_mutex_lock(&catalog->disk);
    int code = take_here(catalog, userdata, error);
    uv_mutex_unlock(&catalog->disk);
    return code;
}

/* What is gone, damaged or not ours to write by now is passed over. */
static int take(const candidate *item, deed *d, tether_error *error)
{
    tether_registry *registry = d->registry;
    d->task_id = item->id;
    int code = item->session_id != NULL
                   ? tether__sessions_visit_one(registry, item->session_id, take_in, d, error)
                   : take_in(&registry->catalog, true, d, error);
    if (code == TETHER_ENOTASK || code == TETHER_EREADONLY || code == TETHER_ECORRUPT)
        code = TETHER_OK;
    if (!d->done || code != TETHER_OK)
        return code;
    if (d->change == set_leased && item->session_id != NULL &&
        !tether__leases_add(&tether__tasks_of(registry)->leases, item->id, item->session_id))
        return tether__fail_memory(error, "lease completion");
    return TETHER_OK;
}

/* Takes what can be taken, up to the limit (0: none). What was taken is handed out, whatever fails
 * after it. */
static int take_all(const candidates *all, size_t limit,
                    bool (*change)(tether__record *record, void *userdata),
                    tether_snapshot_list *list, tether_error *error)
{
    int code = TETHER_OK;
    tether_error problem = {0};
    size_t room = limit == 0 || limit > all->count ? all->count : limit;
    list->items = calloc(room + 1, sizeof *list->items);
    if (list->items == NULL)
        return tether__fail_memory(error, "list completions");
    for (size_t i = 0; code == TETHER_OK && i < all->count && list->count < room; i++) {
        tether_snapshot *item = &list->items[list->count];
        deed d = {
            .registry = all->registry, .change = change, .free = change != NULL, .snapshot = item};
        code = take(&all->items[i], &d, &problem);
        if (!d.done) {
            tether__snapshot_dispose(item);
            continue;
        }
        item->completion_delivered = change == set_drained;
        tether__compress_preview(all->registry, item);
        list->count++;
    }
    if (list->count > 0 || code == TETHER_OK)
        return TETHER_OK;
    if (error != NULL)
        *error = problem;
    return code;
}

static int collect(tether_registry *registry, const tether_completion_options *given,
                   bool (*change)(tether__record *record, void *userdata),
                   tether_snapshot_list **out, tether_error *error)
{
    candidates all;
    tether_completion_options options;
    *out = NULL;
    tether__options_take(given, &options, sizeof options);
    tether_snapshot_list *list = calloc(1, sizeof *list);
    if (list == NULL)
        return tether__fail_memory(error, "list completions");
    int code = find_candidates(registry, options.all_sessions, change == set_leased, &all, error);
    if (code == TETHER_OK)
        code = take_all(&all, options.limit, change, list, error);
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

/* A task of the own session, or one that this registry has leased in another: that stays known when
 * it is acknowledged, so that doing it again is no error. */
static int change_one(tether_registry *registry, const char *task_id,
                      bool (*change)(tether__record *record, void *userdata), deed *d,
                      tether_error *error)
{
    *d = (deed){.registry = registry, .task_id = task_id, .change = change};
    int code = tether__check_task_id(task_id, error);
    if (code != TETHER_OK)
        return code;
    char *session_id = tether__leases_find(&tether__tasks_of(registry)->leases, task_id);
    code = session_id != NULL
               ? tether__sessions_visit_one(registry, session_id, change_in, d, error)
               : change_in(&registry->catalog, true, d, error);
    free(session_id);
    return code;
}

int tether_completion_release(tether_registry *registry, const char *task_id, tether_error *error)
{
    deed d;
    tether_error problem = {0};
    int code = change_one(registry, task_id, set_released, &d, &problem);
    /* What a newer version wrote is not held by this one. */
    if (code == TETHER_EREADONLY)
        return TETHER_OK;
    if (code == TETHER_OK)
        tether__leases_remove(&tether__tasks_of(registry)->leases, task_id);
    else if (error != NULL)
        *error = problem;
    return code;
}

int tether_completion_ack(tether_registry *registry, const char *task_id, bool *fresh,
                          tether_error *error)
{
    deed d;
    if (fresh != NULL)
        *fresh = false;
    int code = change_one(registry, task_id, set_delivered, &d, error);
    if (code != TETHER_OK)
        return code;
    if (!d.ended)
        return tether__fail(error, TETHER_ENOTENDED, 0, "acknowledge",
                            "task %s has not ended; wait for it first", task_id);
    if (d.leased)
        return tether__fail(error, TETHER_ELEASED, 0, "acknowledge",
                            "another host has leased the completion of task %s; it is free once "
                            "that acknowledges, releases it or ends",
                            task_id);
    if (fresh != NULL)
        *fresh = d.done;
    return TETHER_OK;
}

int tether_promote(tether_registry *registry, const char *task_id, tether_error *error)
{
    deed d;
    return change_one(registry, task_id, set_promoted, &d, error);
}

/* --- Waiting --- */

/* Whether there is a pending completion that this registry could lease. */
static int look_for_free(tether_registry *registry, bool all_sessions, bool *found,
                         tether_error *error)
{
    candidates all;
    *found = false;
    int code = find_candidates(registry, all_sessions, true, &all, error);
    for (size_t i = 0; code == TETHER_OK && !*found && i < all.count; i++) {
        deed d = {.registry = registry, .free = true};
        code = take(&all.items[i], &d, error);
        *found = d.done;
    }
    dispose_candidates(&all);
    return code;
}

int tether_completions_wait(tether_registry *registry, const tether_completion_options *given,
                            int64_t timeout_ms, tether_error *error)
{
    tether_completion_options options;
    tether__options_take(given, &options, sizeof options);
    tether__wait wait;
    bool found = false;
    int code = tether__wait_begin(registry, "wait", timeout_ms, &wait, error);
    while (code == TETHER_OK && !found) {
        code = tether__wait_prepare(&wait, error);
        if (code == TETHER_OK)
            code = look_for_free(registry, options.all_sessions, &found, error);
        if (code == TETHER_OK && !found)
            code = tether__wait_sleep(&wait, NULL, error);
    }
    tether__wait_end(&wait);
    return code;
}
