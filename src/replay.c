/* Owns the look at everything on disk: replay when a session is opened, and the removal of
 * leftovers. Must not: keep anything in memory that the catalog does not. Thread: any; it takes the
 * catalog's locks itself, task by task. */
#include "replay.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "name.h"
#include "os_lifeline.h"

typedef struct names {
    char (*ids)[TETHER_ID_SIZE];
    size_t count;
    size_t room;
    bool failed;
} names;

static bool note_name(const char *name, void *userdata)
{
    names *list = userdata;
    if (!tether__task_id_valid(name))
        return true;
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 64 : list->room * 2;
        char(*ids)[TETHER_ID_SIZE] = realloc(list->ids, room * sizeof *ids);
        list->failed = ids == NULL;
        if (list->failed)
            return false;
        list->ids = ids;
        list->room = room;
    }
    strcpy(list->ids[list->count++], name);
    return true;
}

static int list_names(tether__dir *dir, names *list, tether_error *error)
{
    *list = (names){0};
    int code = tether__os_dir_list(dir, note_name, list, error);
    if (code == TETHER_OK && list->failed)
        code = tether__fail_memory(error, "list tasks");
    if (code != TETHER_OK) {
        free(list->ids);
        *list = (names){0};
    }
    return code;
}

/* Damaged records go to the quarantine, unless their task still runs. */
static bool put_aside_bundle(tether__catalog *catalog, const char *task_id, const char *reason)
{
    tether__lock lock;
    bool held = true, done = false;
    if (tether__session_lock(catalog->session, &lock, NULL) != TETHER_OK)
        return false;
    /* Another host may have put it aside, or mended it, while the lock was not ours. */
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

int tether__replay(tether__catalog *catalog, bool all, tether__look_mode mode, size_t *quarantined,
                   tether_error *error)
{
    names list;
    tether__session *session = catalog->session;
    int code = list_names(all ? session->tasks : session->exits, &list, error);
    if (code == TETHER_OK)
        code = tether__os_dir_check(session->tasks, error);
    for (size_t i = 0; code == TETHER_OK && i < list.count; i++) {
        tether_error problem = {0};
        const char *id = list.ids[i];
        if (!all && tether__os_lifeline_sealed(session->exits, id))
            continue;
        uv_mutex_lock(&catalog->disk);
        code = tether__refresh(catalog, id, mode, NULL, &problem);
        if (code == TETHER_ECORRUPT && put_aside_bundle(catalog, id, problem.message) &&
            quarantined != NULL)
            (*quarantined)++;
        uv_mutex_unlock(&catalog->disk);
        /* One task's trouble is told where that task is asked for; the others go on. A lock or a
         * store that fails, fails for all. */
        if (code == TETHER_ELOCKED || code == TETHER_EGONE || code == TETHER_ENOMEM) {
            if (error != NULL)
                *error = problem;
        } else {
            code = TETHER_OK;
        }
    }
    free(list.ids);
    return code;
}

/* Whether an id has a lifeline or bundle, no record, and nobody who may still write one. Under the
 * session lock. */
static bool is_leftover(const tether__session *session, const char *task_id)
{
    bool held = true;
    tether__file_stamp stamp;
    bool exists = tether__os_file_stamp(session->exits, task_id, &stamp, NULL) == TETHER_OK ||
                  tether__os_file_stamp(session->tasks, task_id, &stamp, NULL) == TETHER_OK;
    return exists && tether__bundle_stamp(session, task_id, &stamp, NULL) == TETHER_ENOTASK &&
           tether__os_lifeline_held(session->exits, task_id, &held, NULL) == TETHER_OK && !held;
}

static size_t sweep_names(tether__catalog *catalog, const names *list)
{
    size_t removed = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (is_leftover(catalog->session, list->ids[i]) &&
            tether__bundle_remove(catalog->session, list->ids[i], NULL) == TETHER_OK)
            removed++;
    }
    return removed;
}

/* Whether any name may be a leftover: looked at before the session lock is asked for, because
 * mostly there is none. */
static bool any_leftover(const tether__session *session, const names *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!tether__os_lifeline_sealed(session->exits, list->ids[i]) &&
            is_leftover(session, list->ids[i]))
            return true;
    }
    return false;
}

int tether__sweep(tether__catalog *catalog, size_t *removed, tether_error *error)
{
    names lifelines, bundles;
    tether__lock lock;
    *removed = 0;
    int code = list_names(catalog->session->exits, &lifelines, error);
    if (code != TETHER_OK)
        return code;
    code = list_names(catalog->session->tasks, &bundles, error);
    if (code == TETHER_OK &&
        (any_leftover(catalog->session, &lifelines) || any_leftover(catalog->session, &bundles))) {
        code = tether__session_lock(catalog->session, &lock, error);
        if (code == TETHER_OK) {
            *removed = sweep_names(catalog, &lifelines) + sweep_names(catalog, &bundles);
            tether__os_lock_release(&lock);
        }
    }
    free(lifelines.ids);
    free(bundles.ids);
    return code;
}
