/* Owns garbage collection: the removal of old ended tasks in all sessions of a store, and the order
 * of everything else that a collection removes.
 * Must not: remove a task that runs or whose completion is leased, or trust a wrong wall clock.
 * Thread: any. */
#include "care/gc.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "care/expiry.h"
#include "care/gc_state.h"
#include "care/leftovers.h"
#include "engine/core.h"
#include "engine/replay.h"
#include "engine/sessions.h"
#include "os/lifeline.h"
#include "os/clock.h"
#include "os/scope.h"
#include "store/archive.h"
#include "store/archive_join.h"
#include "store/ledger.h"
#include "store/temporaries.h"
#include "tether/store.h"

static const char step[] = "collect garbage";

enum { DEFAULT_AGE_MS = 24 * 60 * 60 * 1000, COLLECT_INTERVAL_MS = 10 * 60 * 1000 };

enum { RETRY_INTERVAL_MS = 60 * 1000 }; /* after a collection that was stopped */

/* In the background: the number of attempts to take a busy session lock, and the pause between
 * two. */
enum { LOCK_TRIES = 20, LOCK_PAUSE_MS = 5 };

static const int64_t PENDING_AGE_MS = (int64_t)30 * 24 * 60 * 60 * 1000;

typedef struct collection {
    tether__holder *holder;        /* of the registry that collects */
    int64_t older_than_ms;         /* -1: any age */
    int64_t pending_older_than_ms; /* -1: any age */
    tether__moment now;            /* the same for all tasks, so that `believed` is valid for all */
    bool believed;                 /* whether the wall clock is believed at `now` */
    size_t unknown_ages;           /* the number of ended tasks whose age is not known */
    json_t *seen; /* ids of the session's tasks that had their turn, as keys: a task may move
                     between the journal and the archives meanwhile */
    bool (*stopped)(void *userdata); /* NULL: not in the background, a caller waits */
    void *stopped_userdata;
    int code; /* the first failure to remove a task; it does not stop the collection */
    tether_error problem;
    tether_gc_result result;
} collection;

typedef enum judgement { KEEP, REMOVE, ABSENT, DAMAGED } judgement;

static bool is_stopped(const collection *c)
{
    return c->stopped != NULL && c->stopped(c->stopped_userdata);
}

/* Stores in *aged whether the age of the task is known, or is of no interest because the task has
 * not ended. */
static bool is_garbage(const collection *c, const tether__record *record, bool *aged)
{
    tether__moment end;
    *aged = true;
    if (!tether_status_ended(record->status) || record->read_only)
        return false;
    tether__end_moment(record, &end);
    int64_t age = tether__age(&end, &c->now, c->believed);
    *aged = age != TETHER__AGE_UNKNOWN;
    bool pending = record->notify_on_completion && !record->completion_delivered;
    int64_t required = pending ? c->pending_older_than_ms : c->older_than_ms;
    if (required >= 0 && age < required)
        return false;
    return !pending || record->lease_holder == NULL ||
           !tether__holder_alive(c->holder, record->lease_holder);
}

/* Finds what to do with a task, by its record on disk; *aged (see is_garbage) is true without one.
 * Fails if the record cannot be read now. */
static int judge(const collection *c, const tether__session *session, const char *task_id,
                 judgement *result, bool *aged, tether_error *error)
{
    tether__record record;
    tether_error problem = {0};
    tether__record_init(&record);
    int code = tether__bundle_load(session, task_id, &record, NULL, &problem);
    *aged = true;
    *result = code == TETHER_ENOTASK                              ? ABSENT
              : code == TETHER_ECORRUPT                           ? DAMAGED
              : code == TETHER_OK && is_garbage(c, &record, aged) ? REMOVE
                                                                  : KEEP;
    /* A monitor that was killed has left its cgroup behind. */
    if (code == TETHER_OK && tether_status_ended(record.status))
        tether__os_scope_remove(record.scope, task_id);
    tether__record_dispose(&record);
    if (code == TETHER_OK || *result != KEEP)
        return TETHER_OK;
    tether__error_set(error, &problem);
    return code;
}

/* In the background fails at once with TETHER_ELOCKED if the lock is held. */
static int lock_session(const collection *c, const tether__session *session, tether__lock *lock,
                        tether_error *error)
{
    tether__session copy = *session;
    if (c->stopped != NULL)
        copy.lock_timeout_ms = 0;
    return tether__session_lock(&copy, lock, error);
}

/* Keeps the first failure to remove a task, which the collection returns at its end. */
static void note_failure(collection *c, int code, const tether_error *problem)
{
    if (code == TETHER_OK || c->code != TETHER_OK)
        return;
    c->code = code;
    c->problem = *problem;
}

/* Removes the files of a task. Once the bundle is gone, so is the task; what is left then is a
 * leftover, which the same collection tries to remove again. */
static bool remove_files(collection *c, const tether__session *session, const char *task_id)
{
    tether_error problem = {0};
    int code = tether__bundle_remove(session, task_id, &problem);
    if (code == TETHER_OK || !tether__session_has_bundle(session, task_id))
        return true;
    note_failure(c, code, &problem);
    return false;
}

/* Judges a task again under the session lock, because another host may have changed it since, for
 * example by requesting its completion. It stays while its lifeline is held: a supervisor lives for
 * a moment after its exit line. */
static bool is_still_garbage(collection *c, const tether__session *session, const char *task_id)
{
    judgement again;
    tether_error problem = {0};
    bool held = true, aged;
    int code = judge(c, session, task_id, &again, &aged, &problem);
    if (code == TETHER_OK && again == REMOVE)
        code = tether__os_lifeline_held(session->exits, task_id, &held, &problem);
    note_failure(c, code, &problem);
    return code == TETHER_OK && again == REMOVE && !held;
}

/* Removes a task if nothing has changed. Returns TETHER_ELOCKED if the session lock was not free;
 * notes every other failure in `c`. */
static int remove_task(collection *c, tether__catalog *catalog, const char *task_id, bool *removed,
                       tether_error *error)
{
    tether__lock lock;
    tether_error problem = {0};
    *removed = false;
    int code = lock_session(c, catalog->session, &lock, &problem);
    if (code == TETHER_ELOCKED) {
        tether__error_set(error, &problem);
        return code;
    }
    note_failure(c, code, &problem);
    if (code != TETHER_OK)
        return TETHER_OK;
    *removed = is_still_garbage(c, catalog->session, task_id) &&
               tether__catalog_reap(catalog, task_id) && remove_files(c, catalog->session, task_id);
    tether__os_lock_release(&lock);
    return TETHER_OK;
}

/* Removes one task if it is garbage, and counts it. In the background, returns TETHER_ELOCKED if
 * the session lock is not free. The caller holds `disk`. */
static int collect_task(collection *c, tether__catalog *catalog, const char *task_id,
                        tether_error *error)
{
    bool background = c->stopped != NULL;
    int code = TETHER_OK;
    /* The task may have ended while its record does not say so yet. The background thread writes no
     * records. */
    if (!background)
        code = tether__replay_task(catalog, task_id, TETHER__INSPECT_NOW, &c->result.quarantined,
                                   error);
    if (code != TETHER_OK)
        return code;
    judgement result;
    bool aged;
    code = judge(c, catalog->session, task_id, &result, &aged, error);
    if (code != TETHER_OK)
        return code;
    if (result == DAMAGED && !background)
        return tether__replay_task(catalog, task_id, TETHER__INSPECT_NOW, &c->result.quarantined,
                                   error);
    bool removed = false;
    if (result == REMOVE)
        code = remove_task(c, catalog, task_id, &removed, error);
    if (code != TETHER_OK)
        return code;
    if (removed) {
        tether__catalog_forget(catalog, task_id);
        c->result.removed++;
    } else if (result != ABSENT) {
        c->result.kept++;
        c->unknown_ages += !aged;
    }
    return TETHER_OK;
}

/* In the background, tries again when the session lock is busy. Releases `disk` between two
 * attempts, so that no other thread is delayed. */
static int collect_with_retries(collection *c, tether__catalog *catalog, const char *task_id,
                                tether_error *error)
{
    int code = TETHER_ELOCKED;
    for (int i = 0; code == TETHER_ELOCKED && i < LOCK_TRIES; i++) {
        if (i > 0)
            uv_sleep(LOCK_PAUSE_MS);
        if (is_stopped(c))
            return TETHER__SESSIONS_STOP;
        uv_mutex_lock(&catalog->disk);
        code = collect_task(c, catalog, task_id, error);
        uv_mutex_unlock(&catalog->disk);
        if (c->stopped == NULL)
            break;
    }
    return code;
}

/* Returns whether a collection goes on after a task with this result: a task that cannot be read
 * must not keep the others. */
static bool goes_on(int code)
{
    return code != TETHER__SESSIONS_STOP && !tether__replay_is_general(code);
}

/* Notes that a task has its turn. Returns false when memory is short. */
static bool see(const collection *c, const char *task_id)
{
    return json_object_set_new(c->seen, task_id, json_true()) == 0;
}

/* Lists the tasks of the journal, and notes them before any of them can leave it. */
static int list_tasks(const collection *c, const tether__session *session,
                      char (**ids)[TETHER_ID_SIZE], size_t *count, tether_error *error)
{
    int code = tether__ledger_ids(session, TETHER__SCOPE_ALL, ids, count, error);
    for (size_t i = 0; code == TETHER_OK && i < *count; i++) {
        if (!see(c, (*ids)[i]))
            code = tether__fail_memory(error, step);
    }
    return code;
}

static int collect_tasks(collection *c, tether__catalog *catalog, tether_error *error)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    int code = list_tasks(c, catalog->session, &ids, &count, error);
    int first_code = code;
    /* The background starts at a task that differs from one collection to the next, because each
     * collection may be stopped early: in this way all tasks get their turn. */
    size_t first = c->stopped != NULL && count > 0 ? (size_t)c->now.uptime_ms % count : 0;
    for (size_t i = 0; goes_on(code) && i < count; i++) {
        code = collect_with_retries(c, catalog, ids[(first + i) % count],
                                    first_code == TETHER_OK ? error : NULL);
        if (first_code == TETHER_OK)
            first_code = code;
    }
    free(ids);
    if (code == TETHER__SESSIONS_STOP)
        return code;
    /* A session whose lock stays busy is left to the next collection. */
    return first_code == TETHER_ELOCKED && c->stopped != NULL ? TETHER_OK : first_code;
}

/* --- Archived tasks --- */

typedef struct archived {
    collection *c;
    tether__catalog *catalog;
    int code; /* what ends the pass */
    tether_error problem;
} archived;

/* Removes the bundle of an archived task, which removes the task, unless the task has come back to
 * the journal. */
static int remove_archived(archived *a, const char *task_id)
{
    tether__lock lock;
    tether__file_stamp stamp;
    const tether__session *session = a->catalog->session;
    int code = lock_session(a->c, session, &lock, &a->problem);
    if (code == TETHER_OK) {
        if (tether__ledger_stamp(session, task_id, &stamp, &a->problem) == TETHER_ENOTASK) {
            code = tether__bundle_discard(session, task_id, &a->problem);
            a->c->result.removed += code == TETHER_OK;
        }
        tether__os_lock_release(&lock);
    }
    if (code != TETHER_ELOCKED)
        note_failure(a->c, code, &a->problem);
    return code == TETHER_ELOCKED ? code : TETHER_OK;
}

/* Whether an archived task is garbage. One that has come back to the journal is in use. */
static bool is_archived_garbage(const archived *a, const char *task_id, const char *text,
                                size_t size, bool *aged)
{
    tether__record record;
    tether__file_stamp stamp;
    *aged = true;
    if (tether__ledger_stamp(a->catalog->session, task_id, &stamp, NULL) != TETHER_ENOTASK)
        return false;
    tether__record_init(&record);
    bool garbage =
        tether__bundle_look(a->catalog->session, text, size, task_id, &record, NULL) == TETHER_OK &&
        is_garbage(a->c, &record, aged);
    tether__record_dispose(&record);
    return garbage;
}

/* The newest archive comes first: an older one may have an older record of the task. */
static bool collect_archived_task(void *context, const char *task_id, const char *text, size_t size)
{
    archived *a = context;
    bool aged;
    if (is_stopped(a->c)) {
        a->code = TETHER__SESSIONS_STOP;
        return false;
    }
    if (json_object_get(a->c->seen, task_id) != NULL)
        return true;
    if (!see(a->c, task_id)) {
        a->code = tether__fail_memory(&a->problem, step);
        return false;
    }
    bool garbage = is_archived_garbage(a, task_id, text, size, &aged);
    a->c->result.kept += !garbage;
    a->c->unknown_ages += !aged;
    uv_mutex_lock(&a->catalog->disk);
    if (garbage)
        a->code = remove_archived(a, task_id);
    if (garbage && a->code == TETHER_OK)
        tether__catalog_forget(a->catalog, task_id);
    uv_mutex_unlock(&a->catalog->disk);
    return a->code == TETHER_OK;
}

/* Writes the archives again without what was removed. */
static int clean_archives(const collection *c, const tether__session *session, tether_error *error)
{
    tether__lock lock;
    tether__ledger_facts facts;
    int code = lock_session(c, session, &lock, error);
    if (code != TETHER_OK)
        return code;
    code = tether__ledger_facts_get(session, &facts, error);
    if (code == TETHER_OK)
        code = tether__archive_join(session, facts.number, error);
    tether__os_lock_release(&lock);
    return code;
}

static int collect_archived(collection *c, tether__catalog *catalog, tether_error *error)
{
    tether_error problem = {0};
    archived a = {.c = c, .catalog = catalog};
    int code = tether__archive_visit(catalog->session, collect_archived_task, &a, &problem);
    if (code == TETHER_OK && a.code != TETHER_OK) {
        code = a.code;
        problem = a.problem;
    }
    if (code == TETHER_OK)
        code = clean_archives(c, catalog->session, &problem);
    /* A session whose lock stays busy is left to the next collection. */
    if (code == TETHER_OK || (code == TETHER_ELOCKED && c->stopped != NULL))
        return TETHER_OK;
    tether__error_set(error, &problem);
    return code;
}

static int collect_session(tether__catalog *catalog, bool own, void *userdata, tether_error *error)
{
    collection *c = userdata;
    tether__leftovers pass = {
        .now_ms = c->now.wall_ms, .stopped = c->stopped, .stopped_userdata = c->stopped_userdata};
    (void)own;
    c->seen = json_object();
    int code = c->seen != NULL ? TETHER_OK : tether__fail_memory(error, step);
    if (code == TETHER_OK)
        code = collect_tasks(c, catalog, error);
    if (code == TETHER_OK)
        code = collect_archived(c, catalog, error);
    json_decref(c->seen);
    c->seen = NULL;
    if (code != TETHER_OK)
        return code;
    code = tether__leftovers_remove(&pass, catalog, error);
    c->result.leftovers += pass.swept.removed;
    c->result.quarantined += pass.swept.quarantined;
    return code;
}

/* Counts what the opening of the registry has swept, too, once. */
static void add_swept(collection *c, tether_registry *registry)
{
    uv_mutex_lock(&registry->catalog.disk);
    c->result.leftovers += registry->swept.removed;
    c->result.quarantined += registry->swept.quarantined;
    registry->swept = (tether__swept){0};
    uv_mutex_unlock(&registry->catalog.disk);
}

/* Returns the result of the collection: `code`, or else the first failure to remove a task. */
static int conclude(const collection *c, int code, tether_error *error)
{
    if (code != TETHER_OK || c->code == TETHER_OK)
        return code;
    tether__error_set(error, &c->problem);
    return c->code;
}

static void expire_quarantine(collection *c, const tether__store *store)
{
    tether__expiry pass = {.now = c->now,
                           .believed = c->believed,
                           .stopped = c->stopped,
                           .stopped_userdata = c->stopped_userdata};
    tether__expiry_run(&pass, store);
    c->result.expired += pass.expired;
}

/* Reads the clocks and decides whether the wall clock is believed. */
static int begin_round(collection *c, const tether__store *store, tether__gc_state *state,
                       tether_error *error)
{
    tether__moment_now(&store->here, &c->now);
    int code = tether__gc_state_load(store, state, error);
    c->believed = code == TETHER_OK && tether__clock_judge(&state->clock, &c->now);
    return code;
}

/* Writes gc.json after a complete collection. If the store has no believed moment yet, and the age
 * of every ended task is known without the wall clock, believes the wall clock from now on: it
 * cannot make any of these tasks look old, and later tasks get their times from it. */
static int finish_round(collection *c, const tether__store *store, tether__gc_state *state,
                        tether_error *error)
{
    if (state->clock.believed.wall_ms == 0 && c->unknown_ages == 0)
        state->clock = (tether__clock_history){.believed = c->now};
    state->collected = c->now;
    return tether__gc_state_save(store, state, error);
}

/* Keeps the next ones of many short-lived hosts from beginning where this one has begun. */
static void note_stop(const collection *c, const tether__store *store)
{
    tether__gc_state state;
    if (tether__gc_state_load(store, &state, NULL) != TETHER_OK)
        return;
    state.stopped = c->now;
    (void)tether__gc_state_save(store, &state, NULL);
}

static int collect(collection *c, tether_registry *registry, tether_error *error)
{
    tether__gc_state state;
    int code = begin_round(c, &registry->store, &state, error);
    if (code != TETHER_OK)
        return code;
    code = tether__sessions_visit(registry, collect_session, c, error);
    expire_quarantine(c, &registry->store);
    tether__temporaries_remove(registry->store.root, c->now.wall_ms, &c->result.leftovers);
    if (is_stopped(c))
        note_stop(c, &registry->store);
    if (is_stopped(c) || code != TETHER_OK)
        return code; /* not a complete collection */
    code = conclude(c, code, error);
    /* The collection itself has succeeded even if gc.json cannot be written, for example because
     * the disk is full. Only the background reports that. */
    bool reports = code == TETHER_OK && c->stopped != NULL;
    int saved = finish_round(c, &registry->store, &state, reports ? error : NULL);
    return reports ? saved : code;
}

static int collect_own(collection *c, tether_registry *registry, tether_error *error)
{
    tether__gc_state state;
    int code = begin_round(c, &registry->store, &state, error);
    if (code != TETHER_OK)
        return code;
    return conclude(c, collect_session(&registry->catalog, true, c, error), error);
}

static bool is_past(const tether__moment *then, const tether__moment *now, int64_t interval_ms)
{
    int64_t age = tether__age(then, now, false);
    return age == TETHER__AGE_UNKNOWN || age >= interval_ms;
}

bool tether__gc_due(const tether_registry *registry)
{
    tether__gc_state state;
    tether__moment now;
    /* A state that cannot be read is reported by the collection. */
    if (tether__gc_state_load(&registry->store, &state, NULL) != TETHER_OK)
        return true;
    tether__moment_now(&registry->store.here, &now);
    return is_past(&state.collected, &now, COLLECT_INTERVAL_MS) &&
           is_past(&state.stopped, &now, RETRY_INTERVAL_MS);
}

int tether__gc_background(tether_registry *registry, bool (*stopped)(void *userdata),
                          void *userdata, tether_error *error)
{
    collection c = {
        .holder = &registry->holder,
        .older_than_ms = DEFAULT_AGE_MS,
        .pending_older_than_ms = PENDING_AGE_MS,
        .stopped = stopped,
        .stopped_userdata = userdata,
    };
    return collect(&c, registry, error);
}

/* Returns the age from which tasks with a pending completion are removed. */
static int64_t pending_age(int64_t older_than_ms)
{
    return older_than_ms > PENDING_AGE_MS ? older_than_ms : PENDING_AGE_MS;
}

/* Fails if no version of tether_gc_result had the size that the caller's struct has. */
static int check_result(const tether_gc_result *result, tether_error *error)
{
    tether_gc_result ignored;
    return tether__options_take(result, &ignored, sizeof ignored, NULL, "tether_gc_result", error);
}

int tether_gc(tether_registry *registry, const tether_gc_options *given, tether_gc_result *result,
              tether_error *error)
{
    tether_gc_options options;
    int code =
        tether__options_take(given, &options, sizeof options, NULL, "tether_gc_options", error);
    if (code == TETHER_OK)
        code = check_result(result, error);
    if (code != TETHER_OK)
        return code;
    if (options.older_than_ms < -1 || options.pending_older_than_ms < -1)
        return tether__fail(error, TETHER_EINVAL, 0, step, "an age is negative");
    int64_t age = options.older_than_ms == 0 ? DEFAULT_AGE_MS : options.older_than_ms;
    collection c = {
        .holder = &registry->holder,
        .older_than_ms = age,
        .pending_older_than_ms =
            options.pending_older_than_ms == 0 ? pending_age(age) : options.pending_older_than_ms,
    };
    add_swept(&c, registry);
    code = options.session_only ? collect_own(&c, registry, error) : collect(&c, registry, error);
    tether__options_give(result, &c.result, sizeof c.result, NULL);
    return code;
}

int tether_cleanup_finished(tether_registry *registry, int64_t older_than_ms,
                            tether_gc_result *result, tether_error *error)
{
    if (older_than_ms < 0)
        return tether__fail(error, TETHER_EINVAL, 0, "clean up", "the age is negative");
    const tether_gc_options options = {
        .older_than_ms = older_than_ms == 0 ? -1 : older_than_ms,
        .session_only = true,
    };
    return tether_gc(registry, &options, result, error);
}
