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
#include "os/host.h"
#include "os/temporary.h"

static const char format_file[] = "FORMAT";
static const char format_text[] = "tether-store 2\n";

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

/* `text` is the content of a FORMAT that this version does not write. */
static int refuse_other_format(const tether__store *store, const char *text, tether_error *error)
{
    size_t size = strcspn(text, "\r\n");
    return tether__fail(
        error, TETHER_EFORMAT, 0, "open store",
        "%.240s has the format \"%.*s\", and this version of tether reads \"%.*s\"; "
        "finish its tasks with the version that created it, name another store "
        "with --store or TETHER_STORE, or remove it",
        tether__os_dir_path(store->root), size < 40 ? (int)size : 40, text,
        (int)strlen(format_text) - 1, format_text);
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
        code = refuse_other_format(store, text, &problem);
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
    if (code == TETHER_OK)
        tether__here_ask(&store->here);
    else
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

bool tether__session_has_bundle(const tether__session *session, const char *task_id)
{
    tether__file_stamp stamp;
    return tether__os_file_stamp(session->tasks, task_id, &stamp, NULL) != TETHER_ENOTASK;
}

int tether__session_fail_task(const tether__session *session, const char *task_id,
                              tether_error *error)
{
    return tether__fail(
        error, TETHER_ENOTASK, 0, "find task",
        "no task %s in session %s; tether list --all shows the tasks of this session, and "
        "--all-sessions those of the others, which --session NAME selects",
        task_id, session->id);
}

int tether__session_lock(const tether__session *session, tether__lock *lock, tether_error *error)
{
    return tether__os_lock_acquire(session->dir, "lock", session->lock_timeout_ms, lock, error);
}
