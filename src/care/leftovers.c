/* Owns the removal of what interrupted starts, removals and writes have left in a session.
 * Must not: remove anything of a visible task, except abandoned temporary files.
 * Thread: any. */
#include "care/leftovers.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/grow.h"
#include "engine/replay.h"
#include "format/name.h"
#include "os/lifeline.h"
#include "os/temporary.h"
#include "store/archive.h"
#include "store/ledger.h"
#include "store/names.h"
#include "store/temporaries.h"
#include "store/wrappers.h"

typedef struct id_list {
    char (*ids)[TETHER_ID_SIZE];
    size_t count, capacity;
    bool no_memory;
} id_list;

typedef struct hidden_bundles {
    tether__leftovers *pass;
    const tether__session *session;
} hidden_bundles;

static bool is_stopped(const tether__leftovers *pass)
{
    return pass->stopped != NULL && pass->stopped(pass->stopped_userdata);
}

/* Returns the session with the patience of this pass: in the background, none for a busy lock. */
static tether__session with_patience(const tether__leftovers *pass, const tether__session *session)
{
    tether__session copy = *session;
    if (pass->stopped != NULL)
        copy.lock_timeout_ms = 0;
    return copy;
}

static int sweep(tether__leftovers *pass, tether__catalog *catalog, const char *task_id,
                 tether_error *error)
{
    tether__session session = with_patience(pass, catalog->session);
    uv_mutex_lock(&catalog->disk);
    int code = tether__sweep_task(&session, task_id, &pass->swept, error);
    uv_mutex_unlock(&catalog->disk);
    return pass->stopped != NULL && code == TETHER_ELOCKED ? TETHER_OK : code;
}

static void clean_bundle(tether__leftovers *pass, const tether__session *session,
                         const char *task_id)
{
    tether__dir *bundle;
    if (tether__os_dir_open(session->tasks, task_id, false, &bundle, NULL) != TETHER_OK)
        return;
    tether__temporaries_remove(bundle, pass->now_ms, &pass->swept.removed);
    tether__os_dir_close(bundle);
}

/* --- Archived tasks --- */

static bool add_id(void *context, const char *task_id, const char *text, size_t size)
{
    id_list *list = context;
    (void)text;
    (void)size;
    void *ids = list->ids;
    list->no_memory = !tether__grow(&ids, list->count, &list->capacity, sizeof *list->ids);
    if (list->no_memory)
        return false;
    list->ids = ids;
    strcpy(list->ids[list->count++], task_id);
    return true;
}

/* Lists the ids of all archived tasks, sorted. The caller frees list->ids. */
static int list_archived(const tether__session *session, id_list *list, tether_error *error)
{
    *list = (id_list){.count = 0};
    int code = tether__archive_visit(session, add_id, list, error);
    if (code == TETHER_OK && list->no_memory)
        code = tether__fail_memory(error, "collect garbage");
    if (code != TETHER_OK) {
        free(list->ids);
        list->ids = NULL;
    }
    if (code == TETHER_OK)
        tether__names_sort(list->ids, list->count);
    return code;
}

/* Whether the task is known: such a task is no leftover, and needs no closer look. */
static bool is_known(const tether__session *session, const id_list *archived, const char *task_id)
{
    tether__file_stamp stamp;
    return tether__ledger_stamp(session, task_id, &stamp, NULL) == TETHER_OK ||
           tether__names_has(archived->ids, archived->count, task_id);
}

/* --- Names --- */

/* Sweeps every task id that is a name in one of the session's directories, and is not known. */
static int sweep_names(tether__leftovers *pass, tether__catalog *catalog, tether__dir *dir,
                       const id_list *archived, tether_error *error)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    int result = tether__names_list(dir, &ids, &count, error);
    for (size_t i = 0; i < count && !is_stopped(pass); i++) {
        tether_error problem = {0};
        int code = is_known(catalog->session, archived, ids[i])
                       ? TETHER_OK
                       : sweep(pass, catalog, ids[i], &problem);
        if (code != TETHER_OK && result == TETHER_OK) {
            result = code;
            tether__error_set(error, &problem);
        }
        if (pass->stopped == NULL && dir == catalog->session->tasks)
            clean_bundle(pass, catalog->session, ids[i]);
    }
    free(ids);
    return result;
}

/* Completes the removal of a task that has ended and whose bundle is gone. */
static int complete_removal(tether__leftovers *pass, tether__catalog *catalog, const char *task_id,
                            tether_error *error)
{
    tether__lock lock;
    bool removed = false, held = true;
    tether__session session = with_patience(pass, catalog->session);
    tether__record record;
    if (tether__session_has_bundle(&session, task_id))
        return TETHER_OK;
    int code = tether__session_lock(&session, &lock, error);
    if (code != TETHER_OK)
        return pass->stopped != NULL && code == TETHER_ELOCKED ? TETHER_OK : code;
    tether__record_init(&record);
    /* Another host may have removed the task meanwhile, and started one with this id. */
    if (!tether__session_has_bundle(&session, task_id) &&
        tether__bundle_load(&session, task_id, &record, NULL, NULL) == TETHER_OK &&
        tether_status_ended(record.status) && !record.read_only &&
        tether__os_lifeline_held(session.exits, task_id, &held, NULL) == TETHER_OK && !held) {
        code = tether__bundle_remove(&session, task_id, error);
        removed = code == TETHER_OK;
    }
    tether__record_dispose(&record);
    tether__os_lock_release(&lock);
    if (removed)
        tether__catalog_forget(catalog, task_id);
    pass->swept.removed += removed;
    return code;
}

static int complete_removals(tether__leftovers *pass, tether__catalog *catalog, tether_error *error)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    int code = tether__ledger_ids(catalog->session, TETHER__SCOPE_ALL, &ids, &count, error);
    for (size_t i = 0; !tether__replay_is_general(code) && i < count && !is_stopped(pass); i++) {
        uv_mutex_lock(&catalog->disk);
        int result = complete_removal(pass, catalog, ids[i], code == TETHER_OK ? error : NULL);
        uv_mutex_unlock(&catalog->disk);
        code = code == TETHER_OK ? result : code;
    }
    free(ids);
    return code;
}

/* Removes bundles whose removal was interrupted after they were renamed (tether__bundle_discard).
 */
static bool remove_hidden(const char *name, void *userdata)
{
    static const char prefix[] = TETHER__TEMPORARY_PREFIX;
    const hidden_bundles *hidden = userdata;
    if (strncmp(name, prefix, sizeof prefix - 1) == 0 &&
        tether__task_id_valid(name + sizeof prefix - 1) &&
        tether__os_dir_remove(hidden->session->tasks, name, NULL) == TETHER_OK)
        hidden->pass->swept.removed++;
    return !is_stopped(hidden->pass);
}

static void remove_wrappers(tether__leftovers *pass, const tether__session *session)
{
    tether__session copy = with_patience(pass, session);
    tether__wrappers_remove_old(&copy, pass->now_ms, &pass->swept.removed);
}

int tether__leftovers_remove(tether__leftovers *pass, tether__catalog *catalog, tether_error *error)
{
    tether__session *session = catalog->session;
    id_list archived;
    tether__temporaries_remove(session->dir, pass->now_ms, &pass->swept.removed);
    tether__temporaries_remove(session->exits, pass->now_ms, &pass->swept.removed);
    tether__temporaries_remove(session->journal, pass->now_ms, &pass->swept.removed);
    hidden_bundles hidden = {pass, session};
    remove_wrappers(pass, session);
    int code = complete_removals(pass, catalog, error);
    tether__os_dir_list(session->tasks, remove_hidden, &hidden, NULL);
    if (code == TETHER_OK)
        code = list_archived(session, &archived, error);
    if (code != TETHER_OK)
        return code;
    code = sweep_names(pass, catalog, session->exits, &archived, error);
    int bundles =
        sweep_names(pass, catalog, session->tasks, &archived, code == TETHER_OK ? error : NULL);
    free(archived.ids);
    return code != TETHER_OK ? code : bundles;
}
