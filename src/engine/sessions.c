/* Owns the iteration over all sessions of a store, and the temporary catalogs for it.
 * Must not: read or change the tasks of a session.
 * Thread: any. */
#include "engine/sessions.h"

#include <string.h>

#include "base/error.h"
#include "engine/core.h"
#include "format/name.h"
#include "store/session.h"

typedef struct session_walk {
    tether_registry *registry;
    int (*visit)(tether__catalog *catalog, bool own, void *userdata, tether_error *error);
    void *userdata;
    char own_key[TETHER__SESSION_KEY_SIZE];
    bool stopped;
    int code; /* the first failure; it does not stop the iteration */
    tether_error problem;
} session_walk;

/* A directory that is not a whole session, is damaged or was removed must not hide the others. */
static bool is_no_session(int code)
{
    return code == TETHER_ENOTASK || code == TETHER_ECORRUPT || code == TETHER_EGONE;
}

/* Visits a session other than the registry's own, with a temporary catalog. */
static int visit_other(session_walk *walk, const char *key, tether_error *error)
{
    tether__session session;
    tether__catalog catalog;
    tether_error problem = {0};
    const tether__session *own = &walk->registry->session;
    int code = tether__session_open_key(&walk->registry->store, key, own->lock_timeout_ms, &session,
                                        &problem);
    if (is_no_session(code))
        return tether__fail(error, TETHER_ENOTASK, problem.os_error, "open session",
                            "the store has no such session: %.400s", problem.message);
    if (code != TETHER_OK) {
        tether__error_set(error, &problem);
        return code;
    }
    code = tether__catalog_init(&catalog, &session, error);
    if (code == TETHER_OK) {
        code = walk->visit(&catalog, false, walk->userdata, error);
        tether__catalog_dispose(&catalog);
    }
    tether__session_close(&session);
    if (code == TETHER_EGONE)
        return tether__fail(error, TETHER_ENOTASK, 0, "open session",
                            "the session was removed meanwhile; open it again to make a new one");
    return code;
}

static bool visit_name(const char *name, void *userdata)
{
    session_walk *walk = userdata;
    tether_error problem = {0};
    if (!tether__session_key_valid(name))
        return true;
    int code = strcmp(name, walk->own_key) == 0
                   ? walk->visit(&walk->registry->catalog, true, walk->userdata, &problem)
                   : visit_other(walk, name, &problem);
    walk->stopped = code == TETHER__SESSIONS_STOP;
    if (walk->stopped)
        return false;
    /* A session that was removed during the iteration, or is incomplete, is no failure. */
    if (code != TETHER_OK && code != TETHER_ENOTASK && walk->code == TETHER_OK) {
        walk->code = code;
        walk->problem = problem;
    }
    return true;
}

int tether__sessions_visit(tether_registry *registry,
                           int (*visit)(tether__catalog *catalog, bool own, void *userdata,
                                        tether_error *error),
                           void *userdata, tether_error *error)
{
    session_walk walk = {.registry = registry, .visit = visit, .userdata = userdata};
    tether__session_key(registry->session.id, walk.own_key);
    int code = tether__os_dir_list(registry->store.root, visit_name, &walk, error);
    if (code != TETHER_OK || walk.stopped)
        return code;
    if (walk.code != TETHER_OK)
        tether__error_set(error, &walk.problem);
    return walk.code;
}

int tether__sessions_visit_one(tether_registry *registry, const char *session_id,
                               int (*visit)(tether__catalog *catalog, bool own, void *userdata,
                                            tether_error *error),
                               void *userdata, tether_error *error)
{
    char key[TETHER__SESSION_KEY_SIZE];
    session_walk walk = {.registry = registry, .visit = visit, .userdata = userdata};
    if (strcmp(session_id, registry->session.id) == 0)
        return visit(&registry->catalog, true, userdata, error);
    tether__session_key(session_id, key);
    return visit_other(&walk, key, error);
}
