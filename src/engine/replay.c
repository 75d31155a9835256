/* Owns the passes over everything on disk: the replay of a session, and the removal of leftovers.
 * Must not: keep anything in memory that is not in the catalog.
 * Thread: any; the header names the locks of each call. */
#include "engine/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/clock.h"
#include "os/lifeline.h"
#include "store/names.h"
#include "store/quarantine.h"

typedef struct names {
    char (*ids)[TETHER_ID_SIZE];
    size_t count;
} names;

/* Moves a damaged bundle to the quarantine, unless its task still runs. Returns whether the bundle
 * was moved. The caller holds `disk`. */
static bool quarantine_bundle(tether__catalog *catalog, const char *task_id, const char *reason)
{
    tether__lock lock;
    bool held = true, done = false;
    if (tether__session_lock(catalog->session, &lock, NULL) != TETHER_OK)
        return false;
    /* Another host may have moved or repaired the bundle before this one took the lock. */
    tether__record again;
    tether__record_init(&again);
    int code = tether__bundle_load(catalog->session, task_id, &again, NULL, NULL);
    tether__record_dispose(&again);
    if (code == TETHER_ECORRUPT &&
        tether__os_lifeline_held(catalog->session->exits, task_id, &held, NULL) == TETHER_OK &&
        !held) {
        done = tether__bundle_quarantine(catalog->session, task_id, reason, NULL) == TETHER_OK;
        tether__catalog_forget(catalog, task_id);
    }
    tether__os_lock_release(&lock);
    return done;
}

/* What the catalog knows about a task without reading the disk. */
typedef enum known_state {
    KNOWN_NOTHING,
    KNOWN_UNFINISHED, /* it runs, or work is left; another host may have done that work since */
    KNOWN_PENDING,    /* it has ended, which is final; another host may have acknowledged its
                         completion since */
    KNOWN_SILENT,     /* it has ended, and no completion was requested; another host may request one
                         (tether_promote) */
    KNOWN_DONE        /* nothing about it can change any more */
} known_state;

/* NULL: there is no entry. The caller holds `disk`. */
static known_state recall(const tether__entry *entry)
{
    if (entry == NULL)
        return KNOWN_NOTHING;
    bool untrimmed = entry->record.output_limit > 0 && !entry->cap.done;
    if (!tether_status_ended(entry->record.status) || entry->unsaved || untrimmed ||
        entry->record.on_end_open)
        return KNOWN_UNFINISHED;
    if (entry->record.completion_delivered)
        return KNOWN_DONE;
    return entry->record.notify_on_completion ? KNOWN_PENDING : KNOWN_SILENT;
}

/* The catalog may know more than the scope by the journal says. The caller holds `disk`. */
static bool is_out_of_scope(const tether__entry *entry, tether__scope scope)
{
    if (scope == TETHER__SCOPE_ALL)
        return false;
    known_state known = recall(entry);
    if (known == KNOWN_UNFINISHED || known == KNOWN_DONE || known == KNOWN_PENDING)
        return known != KNOWN_UNFINISHED;
    return known == KNOWN_SILENT && scope == TETHER__SCOPE_LIVE;
}

bool tether__replay_is_general(int code)
{
    return code == TETHER_ELOCKED || code == TETHER_EGONE || code == TETHER_ENOMEM ||
           code == TETHER_ELIMIT || code == TETHER_ESTORE;
}

tether__scope tether__replay_scope(const tether__catalog *catalog)
{
    return tether__events_has_listener(catalog->events) ? TETHER__SCOPE_PENDING
                                                        : TETHER__SCOPE_LIVE;
}

int tether__replay_task(tether__catalog *catalog, const char *task_id, tether__inspect_mode mode,
                        size_t *quarantined, tether_error *error)
{
    tether_error problem = {0};
    int code = tether__refresh(catalog, task_id, mode, NULL, &problem);
    if (code == TETHER_ECORRUPT && quarantine_bundle(catalog, task_id, problem.message) &&
        quarantined != NULL)
        (*quarantined)++;
    if (code == TETHER_OK || code == TETHER_ENOTASK || code == TETHER_ECORRUPT)
        return TETHER_OK;
    tether__error_set(error, &problem);
    return code;
}

/* Replays one task if it is in scope. Takes `disk`. */
static int replay_name(tether__catalog *catalog, const char *task_id, tether__scope scope,
                       tether__inspect_mode mode, size_t *quarantined, tether_error *error)
{
    int code = TETHER_OK;
    uv_mutex_lock(&catalog->disk);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    bool known = entry != NULL && tether__refresh_is_told(catalog, entry, mode);
    if (!known && !is_out_of_scope(entry, scope)) {
        code = tether__replay_task(catalog, task_id, mode, quarantined, error);
        /* After TETHER__SCOPE_ALL, the caller reads the texts of all records. */
        entry = tether__catalog_find(catalog, task_id);
        if (entry != NULL && scope != TETHER__SCOPE_ALL)
            tether__entry_trim(entry);
    }
    uv_mutex_unlock(&catalog->disk);
    return code;
}

/* Replays those of the listed tasks that are in scope. Frees the list. */
static int replay_names(tether__catalog *catalog, names *list, tether__scope scope,
                        tether__inspect_mode mode, size_t *quarantined, tether_error *error)
{
    int code = tether__os_dir_check(catalog->session->tasks, error);
    int first = code;
    for (size_t i = 0; !tether__replay_is_general(code) && i < list->count; i++) {
        code = replay_name(catalog, list->ids[i], scope, mode, quarantined,
                           first == TETHER_OK ? error : NULL);
        if (first == TETHER_OK)
            first = code;
    }
    free(list->ids);
    return first;
}

int tether__replay(tether__catalog *catalog, tether__scope scope, tether__inspect_mode mode,
                   size_t *quarantined, tether_error *error)
{
    names list;
    int code = tether__ledger_ids(catalog->session, scope, &list.ids, &list.count, error);
    return code == TETHER_OK ? replay_names(catalog, &list, scope, mode, quarantined, error) : code;
}

int tether__replay_overdue(tether__catalog *catalog, tether_error *error)
{
    names list;
    tether__clock_frame own;
    int code = tether__here_frame(&catalog->session->store->here, &own, error);
    if (code != TETHER_OK)
        return code;
    code = tether__ledger_overdue(catalog->session,
                                  tether__os_monotonic_ms() - own.monotonic_ns / 1000000, &list.ids,
                                  &list.count, error);
    return code == TETHER_OK ? replay_names(catalog, &list, TETHER__SCOPE_LIVE,
                                            TETHER__INSPECT_OPENING, NULL, error)
                             : code;
}

/* Returns whether an id has a lifeline or a bundle, no record, and no process that may still write
 * one. Reliable only while the caller holds the session lock. */
static bool is_leftover(const tether__session *session, const char *task_id)
{
    bool held = true;
    tether__file_stamp stamp;
    if (tether__bundle_stamp(session, task_id, &stamp, NULL) != TETHER_ENOTASK)
        return false;
    bool exists = tether__os_file_stamp(session->exits, task_id, &stamp, NULL) == TETHER_OK ||
                  tether__os_file_stamp(session->tasks, task_id, &stamp, NULL) == TETHER_OK;
    return exists && tether__os_lifeline_held(session->exits, task_id, &held, NULL) == TETHER_OK &&
           !held;
}

/* Removes the files of an interrupted start or removal. A line of a supervisor, or an output,
 * proves that there was a record: the journal has lost it to damage, and the files go to the
 * quarantine, unless the journal says that the task was removed. */
static int remove_leftover(const tether__session *session, const char *task_id,
                           tether__swept *swept, tether_error *error)
{
    bool ran;
    int code = tether__bundle_ran(session, task_id, &ran, error);
    if (code != TETHER_OK)
        return code;
    bool lost = ran && !tether__ledger_removed(session, task_id);
    code = lost ? tether__bundle_quarantine(session, task_id, "its record is lost", error)
                : tether__bundle_remove(session, task_id, error);
    swept->quarantined += code == TETHER_OK && lost;
    swept->removed += code == TETHER_OK && !lost;
    return code;
}

static void sweep_names(tether__catalog *catalog, const names *list, tether__swept *swept)
{
    for (size_t i = 0; i < list->count; i++) {
        if (is_leftover(catalog->session, list->ids[i]))
            (void)remove_leftover(catalog->session, list->ids[i], swept, NULL);
    }
}

/* Returns whether the list may contain a leftover. The caller need not hold the session lock:
 * usually there is no leftover, and then the lock is not needed at all. */
static bool any_leftover(const tether__session *session, const names *list)
{
    tether__file_stamp stamp;
    /* One look at the journal is enough for most. */
    if (list->count > 0)
        (void)tether__ledger_stamp(session, list->ids[0], &stamp, NULL);
    for (size_t i = 0; i < list->count; i++) {
        if (!tether__ledger_recall(session, list->ids[i], &stamp) &&
            is_leftover(session, list->ids[i]))
            return true;
    }
    return false;
}

int tether__sweep_task(const tether__session *session, const char *task_id, tether__swept *swept,
                       tether_error *error)
{
    tether__lock lock;
    if (!is_leftover(session, task_id))
        return TETHER_OK;
    int code = tether__session_lock(session, &lock, error);
    if (code != TETHER_OK)
        return code;
    if (is_leftover(session, task_id))
        code = remove_leftover(session, task_id, swept, error);
    tether__os_lock_release(&lock);
    return code;
}

int tether__sweep(tether__catalog *catalog, tether__swept *swept, tether_error *error)
{
    names lifelines;
    tether__lock lock;
    int code = tether__names_list(catalog->session->exits, &lifelines.ids, &lifelines.count, error);
    if (code == TETHER_OK && any_leftover(catalog->session, &lifelines)) {
        code = tether__session_lock(catalog->session, &lock, error);
        if (code == TETHER_OK) {
            sweep_names(catalog, &lifelines, swept);
            tether__os_lock_release(&lock);
        }
    }
    free(lifelines.ids);
    return code;
}
