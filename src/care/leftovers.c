/* Owns the removal of what interrupted starts, removals and writes have left in a session.
 * Must not: remove anything of a visible task, except abandoned temporary files.
 * Thread: any. */
#include "care/leftovers.h"

#include <stdlib.h>

#include "base/error.h"
#include "engine/replay.h"
#include "store/names.h"
#include "store/temporaries.h"
#include "store/wrappers.h"

static bool is_stopped(const tether__leftovers *pass)
{
    return pass->stopped != NULL && pass->stopped(pass->stopped_userdata);
}

static int sweep(tether__leftovers *pass, tether__catalog *catalog, const char *task_id,
                 tether_error *error)
{
    bool removed;
    tether__session session = *catalog->session;
    if (pass->stopped != NULL)
        session.lock_timeout_ms = 0;
    uv_mutex_lock(&catalog->disk);
    int code = tether__sweep_task(&session, task_id, &removed, error);
    uv_mutex_unlock(&catalog->disk);
    pass->removed += removed;
    return pass->stopped != NULL && code == TETHER_ELOCKED ? TETHER_OK : code;
}

static void clean_bundle(tether__leftovers *pass, const tether__session *session,
                         const char *task_id)
{
    tether__dir *bundle;
    if (tether__os_dir_open(session->tasks, task_id, false, &bundle, NULL) != TETHER_OK)
        return;
    tether__temporaries_remove(bundle, pass->now_ms, &pass->removed);
    tether__os_dir_close(bundle);
}

/* Sweeps every task id that is a name in one of the session's directories. */
static int sweep_names(tether__leftovers *pass, tether__catalog *catalog, tether__dir *dir,
                       tether_error *error)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    int result = tether__names_list(dir, &ids, &count, error);
    for (size_t i = 0; i < count && !is_stopped(pass); i++) {
        tether_error problem = {0};
        int code = sweep(pass, catalog, ids[i], &problem);
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

static void remove_wrappers(tether__leftovers *pass, const tether__session *session)
{
    tether__session copy = *session;
    if (pass->stopped != NULL)
        copy.lock_timeout_ms = 0;
    tether__wrappers_remove_old(&copy, pass->now_ms, &pass->removed);
}

int tether__leftovers_remove(tether__leftovers *pass, tether__catalog *catalog, tether_error *error)
{
    tether__session *session = catalog->session;
    tether__temporaries_remove(session->dir, pass->now_ms, &pass->removed);
    remove_wrappers(pass, session);
    int code = sweep_names(pass, catalog, session->exits, error);
    int bundles = sweep_names(pass, catalog, session->tasks, code == TETHER_OK ? error : NULL);
    return code != TETHER_OK ? code : bundles;
}
