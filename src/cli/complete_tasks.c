/* Owns what completions read of a store: silent, soon, and never a store that was not there.
 * Must not: print, wait for a task, or end one.
 * Thread: the main one. */
#include "cli/complete_tasks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <uv.h>

enum { PATH_SIZE = 4096, LOCK_MS = 100 };

/* Writes the path of the selected store. Shells do not expand the ~ of what they complete. */
static bool store_path(const cli_options *cli, char path[PATH_SIZE])
{
    size_t size = PATH_SIZE;
    char *usual = NULL;
    int written;

    if (cli->store == NULL && tether_default_store(&usual, NULL) != 0)
        return false;
    if (cli->store != NULL && strncmp(cli->store, "~/", 2) == 0) {
        if (uv_os_homedir(path, &size) != 0)
            return false;
        written = snprintf(path + size, PATH_SIZE - size, "%s", cli->store + 1);
        return written >= 0 && (size_t)written < PATH_SIZE - size;
    }
    written = snprintf(path, PATH_SIZE, "%s", usual != NULL ? usual : cli->store);
    tether_free(usual);
    return written >= 0 && written < PATH_SIZE;
}

/* Reads the id of the session in a directory of the store. */
static void read_session(const char *store, const char *name, complete_session_cb *found,
                         void *userdata)
{
    char path[PATH_SIZE];
    const char *id;
    json_t *root;

    if (snprintf(path, sizeof path, "%s/%s/session.json", store, name) >= (int)sizeof path)
        return;
    root = json_load_file(path, 0, NULL);
    id = json_string_value(json_object_get(root, "session_id"));
    if (id != NULL)
        found(id, userdata);
    json_decref(root);
}

void complete_sessions(const cli_options *cli, complete_session_cb *found, void *userdata)
{
    enum { KEY_LENGTH = 16 };
    char store[PATH_SIZE];
    uv_dirent_t entry;
    uv_fs_t request;

    if (!store_path(cli, store))
        return;
    if (uv_fs_scandir(NULL, &request, store, 0, NULL) >= 0) {
        while (uv_fs_scandir_next(&request, &entry) == 0) {
            if (strspn(entry.name, "0123456789abcdef") == KEY_LENGTH &&
                entry.name[KEY_LENGTH] == '\0')
                read_session(store, entry.name, found, userdata);
        }
    }
    uv_fs_req_cleanup(&request);
}

typedef struct wanted {
    const char *session_id;
    bool found;
} wanted;

static void compare(const char *session_id, void *userdata)
{
    wanted *w = userdata;

    w->found = w->found || strcmp(session_id, w->session_id) == 0;
}

tether_snapshot_list *complete_list(const cli_options *cli)
{
    wanted session = {cli->session != NULL ? cli->session : "default", false};
    tether_list_options list_options = {0};
    tether_open_options options = {0};
    tether_snapshot_list *list = NULL;
    tether_registry *registry;
    char store[PATH_SIZE];

    complete_sessions(cli, compare, &session);
    if (!session.found || !store_path(cli, store))
        return NULL;
    options.size = sizeof options;
    options.store = store;
    options.session = session.session_id;
    options.lock_timeout_ms = LOCK_MS;
    options.no_gc = 1;
    options.deferred = 1;
    if (tether_open(&options, &registry, NULL) != 0)
        return NULL;
    list_options.size = sizeof list_options;
    list_options.scope = TETHER_LIST_ALL;
    list_options.without_output = true;
    if (tether_list_in(registry, &list_options, &list, NULL) != 0)
        list = NULL;
    tether_close(registry, TETHER_DETACH, NULL);
    return list;
}
