/* Owns opening the sessions of a store.
 * Must not: read or write anything of a task.
 * Thread: any. */
#include "store/session.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "format/json.h"
#include "format/name.h"
#include "store/keys.h"
#include "store/ledger_core.h"
#include "store/shared.h"

static const char session_file[] = "session.json";

enum { SMALL_FILE_LIMIT = 4096 };

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
    else if (!tether__utf8_set(&session->id, id))
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
        if (code == TETHER_OK && !tether__utf8_set(&session->id, id))
            code = tether__fail_memory(&problem, "open session");
    }
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

/* Opens the session's folder, and stores whether those in it are to be created. */
static int open_own(tether__session *session, const char *key, bool create, bool *fresh,
                    tether_error *error)
{
    tether__dir *root = session->store->root;
    *fresh = false;
    return create ? tether__os_dir_ensure(root, key, fresh, &session->dir, error)
                  : tether__os_dir_open(root, key, false, &session->dir, error);
}

static int open_folder(const tether__session *session, const char *name, bool create, bool fresh,
                       tether__dir **dir, tether_error *error)
{
    bool missing;
    return create && !fresh ? tether__os_dir_ensure(session->dir, name, &missing, dir, error)
                            : tether__os_dir_open(session->dir, name, create, dir, error);
}

static int open_parts(tether__session *session, const char *key, bool create, tether_error *error)
{
    bool fresh;
    int code = tether__ledger_new(&session->ledger, error);
    if (code == TETHER_OK)
        code = tether__keys_new(&session->keys, error);
    if (code == TETHER_OK)
        code = tether__shared_new(&session->shared, error);
    if (code == TETHER_OK)
        code = open_own(session, key, create, &fresh, error);
    if (code == TETHER_OK)
        code = open_folder(session, "exits", create, fresh, &session->exits, error);
    if (code == TETHER_OK)
        code = open_folder(session, "journal", create, fresh, &session->journal, error);
    if (code == TETHER_OK)
        code = open_folder(session, "tasks", create, fresh, &session->tasks, error);
    return code;
}

static int open_session(const tether__store *store, const char *id, bool create,
                        int64_t lock_timeout_ms, tether__session *session, tether_error *error)
{
    char key[TETHER__SESSION_KEY_SIZE];
    tether__session_key(id, key);
    *session = (tether__session){.store = store, .lock_timeout_ms = lock_timeout_ms};
    int code = open_parts(session, key, create, error);
    if (code == TETHER_OK)
        code = create ? open_id(session, id, error) : read_id(session, error);
    if (code == TETHER_OK && strcmp(session->id, id) != 0)
        code = tether__fail(error, TETHER_EINVAL, 0, "open session",
                            "session ids \"%s\" and \"%s\" have the same key; use another id", id,
                            session->id);
    if (code != TETHER_OK)
        tether__session_close(session);
    return code;
}

int tether__session_open(const tether__store *store, const char *id, int64_t lock_timeout_ms,
                         tether__session *session, tether_error *error)
{
    return open_session(store, id, true, lock_timeout_ms, session, error);
}

int tether__session_open_existing(const tether__store *store, const char *id,
                                  int64_t lock_timeout_ms, tether__session *session,
                                  tether_error *error)
{
    return open_session(store, id, false, lock_timeout_ms, session, error);
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
    tether__os_dir_close(session->journal);
    tether__os_dir_close(session->exits);
    tether__os_dir_close(session->dir);
    tether__ledger_free(session->ledger);
    tether__keys_free(session->keys);
    tether__shared_free(session->shared);
    free(session->id);
    *session = (tether__session){0};
}
