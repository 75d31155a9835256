/* Owns the layout of the store above a single task: the format file, the sessions, the quarantine.
 * Must not: read records or markers.
 * Thread: any. */
#include "store/store.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/json.h"
#include "format/name.h"
#include "format/record.h"
#include "os/host.h"
#include "os/temporary.h"

static const char format_file[] = "FORMAT";
static const char format_text[] = "tether-store 1\n";
static const char session_file[] = "session.json";

enum { SMALL_FILE_LIMIT = 4096 };

/* Stops at the first name that a store without FORMAT cannot contain. Temporary files are allowed:
 * another host may be creating the store right now. */
static bool find_foreign_name(const char *name, void *userdata)
{
    bool *foreign = userdata;
    *foreign = strcmp(name, format_file) != 0 &&
               strncmp(name, TETHER__TEMPORARY_PREFIX, strlen(TETHER__TEMPORARY_PREFIX)) != 0;
    return !*foreign;
}

static int read_format(const tether__store *store, char **text, tether_error *error)
{
    size_t size;
    return tether__os_file_read(store->root, format_file, SMALL_FILE_LIMIT, text, &size, NULL,
                                error);
}

static int refuse_format(const tether__store *store, const char *why, tether_error *error)
{
    return tether__fail(error, TETHER_EFORMAT, 0, "open store", "%.300s %s",
                        tether__os_dir_path(store->root), why);
}

/* Creates FORMAT in an empty directory only. Names in the directory may also come from another host
 * that has created the store since the check for FORMAT: then FORMAT exists by now. */
static int create_format(const tether__store *store, char **text, tether_error *error)
{
    bool foreign = false;
    int code = tether__os_dir_list(store->root, find_foreign_name, &foreign, error);
    if (code == TETHER_OK && !foreign)
        code = tether__os_file_replace(store->root, format_file, format_text, strlen(format_text),
                                       store->sync, error);
    if (code == TETHER_OK)
        code = read_format(store, text, error);
    if (code == TETHER_ENOTASK)
        code = refuse_format(store,
                             "holds other files and is not a tether store; name an empty "
                             "or new directory",
                             error);
    return code;
}

static int check_format(const tether__store *store, bool create, tether_error *error)
{
    char *text = NULL;
    tether_error problem = {0};
    int code = read_format(store, &text, &problem);
    if (code == TETHER_ENOTASK && create)
        code = create_format(store, &text, &problem);
    if (code == TETHER_ETOOBIG || code == TETHER_ENOTASK)
        code = refuse_format(store, "is not a tether store; name another directory", &problem);
    if (code == TETHER_OK && strcmp(text, format_text) != 0)
        code = tether__fail(&problem, TETHER_EFORMAT, 0, "open store",
                            "%.300s has the format \"%.40s\", and this version reads \"%.*s\"; use "
                            "the version of tether that created it",
                            tether__os_dir_path(store->root), text, (int)strlen(format_text) - 1,
                            format_text);
    free(text);
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

/* A refusal of the default store says how to choose another one. */
static int open_root(const char *path, bool is_default, bool create, tether__store *store,
                     tether_error *error)
{
    tether_error problem = {0};
    int code = tether__os_dir_open_root(path, create, &store->root, &problem);
    if (code == TETHER_ESTORE && is_default)
        return tether__fail(error, code, problem.os_error, problem.step,
                            "%.400s (this is the default store; name another one with --store, "
                            "TETHER_STORE or XDG_STATE_HOME)",
                            problem.message);
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

int tether__store_open(const char *path, bool create, tether__store *store, tether_error *error)
{
    char *standard = NULL;
    *store = (tether__store){0};
    if (path == NULL) {
        int code = tether__os_default_store(&standard, error);
        if (code != TETHER_OK)
            return code;
        path = standard;
    }
    int code = open_root(path, standard != NULL, create, store, error);
    free(standard);
    if (code == TETHER_OK)
        code = check_format(store, create, error);
    if (code != TETHER_OK)
        tether__store_close(store);
    return code;
}

void tether__store_close(tether__store *store)
{
    tether__os_dir_close(store->root);
    store->root = NULL;
}

int tether__store_quarantine(const tether__store *store, tether__dir **dir, tether_error *error)
{
    return tether__os_dir_open(store->root, "quarantine", true, dir, error);
}

/* Reads the id from session.json into session->id, which the caller frees. */
static int read_id(tether__session *session, tether_error *error)
{
    char *text;
    size_t size;
    int code = tether__os_file_read(session->dir, session_file, SMALL_FILE_LIMIT, &text, &size,
                                    NULL, error);
    if (code != TETHER_OK)
        return code;
    bool no_memory;
    json_error_t problem;
    json_t *document = tether__json_parse(text, size, 0, &no_memory, &problem);
    free(text);
    if (no_memory)
        return tether__fail_memory(error, "open session");
    const char *id = json_string_value(json_object_get(document, "session_id"));
    if (!tether__session_id_valid(id))
        code = tether__fail(error, TETHER_ECORRUPT, 0, "open session",
                            "%.300s/%s has no valid session id; remove the directory if you do not "
                            "need it",
                            tether__os_dir_path(session->dir), session_file);
    else if (!tether__record_set(&session->id, id))
        code = tether__fail_memory(error, "open session");
    json_decref(document);
    return code;
}

static int write_id(tether__session *session, const char *id, tether_error *error)
{
    json_t *document = json_pack("{s:i, s:s}", "schema_version", 1, "session_id", id);
    char *text = document != NULL ? json_dumps(document, JSON_INDENT(1)) : NULL;
    json_decref(document);
    if (text == NULL)
        return tether__fail_memory(error, "create session");
    int code = tether__os_file_replace(session->dir, session_file, text, strlen(text),
                                       session->store->sync, error);
    free(text);
    return code;
}

/* Reads the session's id from session.json, which it creates for a new session. */
static int open_id(tether__session *session, const char *id, tether_error *error)
{
    tether_error problem = {0};
    int code = read_id(session, &problem);
    if (code == TETHER_ENOTASK) {
        code = write_id(session, id, &problem);
        if (code == TETHER_OK && !tether__record_set(&session->id, id))
            code = tether__fail_memory(&problem, "open session");
    }
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

static int open_parts(tether__session *session, const char *key, bool create, tether_error *error)
{
    int code = tether__os_dir_open(session->store->root, key, create, &session->dir, error);
    if (code == TETHER_OK)
        code = tether__os_dir_open(session->dir, "exits", create, &session->exits, error);
    if (code == TETHER_OK)
        code = tether__os_dir_open(session->dir, "tasks", create, &session->tasks, error);
    return code;
}

int tether__session_open(const tether__store *store, const char *id, int64_t lock_timeout_ms,
                         tether__session *session, tether_error *error)
{
    char key[TETHER__SESSION_KEY_SIZE];
    tether__session_key(id, key);
    *session = (tether__session){.store = store, .lock_timeout_ms = lock_timeout_ms};
    int code = open_parts(session, key, true, error);
    if (code == TETHER_OK)
        code = open_id(session, id, error);
    if (code == TETHER_OK && strcmp(session->id, id) != 0)
        code = tether__fail(error, TETHER_EINVAL, 0, "open session",
                            "session ids \"%s\" and \"%s\" have the same key; use another id", id,
                            session->id);
    if (code != TETHER_OK)
        tether__session_close(session);
    return code;
}

int tether__session_open_key(const tether__store *store, const char *key, int64_t lock_timeout_ms,
                             tether__session *session, tether_error *error)
{
    *session = (tether__session){.store = store, .lock_timeout_ms = lock_timeout_ms};
    int code = open_parts(session, key, false, error);
    if (code == TETHER_OK)
        code = read_id(session, error);
    if (code != TETHER_OK)
        tether__session_close(session);
    return code;
}

void tether__session_close(tether__session *session)
{
    tether__os_dir_close(session->tasks);
    tether__os_dir_close(session->exits);
    tether__os_dir_close(session->dir);
    free(session->id);
    *session = (tether__session){0};
}

int tether__session_lock(const tether__session *session, tether__lock *lock, tether_error *error)
{
    return tether__os_lock_acquire(session->dir, "lock", session->lock_timeout_ms, lock, error);
}
