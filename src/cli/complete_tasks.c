/* Owns what completions read of a store: silent, soon, and never a store that was not there.
 * Must not: print, wait for a task, or end one.
 * Thread: the main one. */
#include "cli/complete_tasks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <uv.h>

/* Up to MANY tasks are read as a whole, which takes some 0.1 ms of the processor each. */
enum { PATH_SIZE = 4096, LOCK_MS = 100, MANY = 200 };

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

    char *slash;

    if (snprintf(path, sizeof path, "%s/%s/session.json", store, name) >= (int)sizeof path)
        return;
    slash = strrchr(path, '/');
    root = json_load_file(path, 0, NULL);
    id = json_string_value(json_object_get(root, "session_id"));
    *slash = '\0';
    if (id != NULL)
        found(id, path, userdata);
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
    char directory[PATH_SIZE]; /* "": not found */
} wanted;

static void compare(const char *session_id, const char *directory, void *userdata)
{
    wanted *w = userdata;

    if (strcmp(session_id, w->session_id) == 0)
        snprintf(w->directory, sizeof w->directory, "%s", directory);
}

/* A directory of a task, which has the name of its id. */
typedef struct bundle {
    char task_id[TETHER_ID_SIZE];
    double changed;
} bundle;

typedef struct bundles {
    bundle *items;
    size_t count;
} bundles;

static int newest_first(const void *left, const void *right)
{
    const bundle *a = left, *b = right;

    return a->changed < b->changed ? 1 : a->changed > b->changed ? -1 : 0;
}

/* Reads which directories of tasks there are, the newest first. */
static void read_bundles(const char *directory, bundles *found)
{
    char path[PATH_SIZE + 8];
    uv_dirent_t entry;
    uv_fs_t request, status;
    int64_t count;

    snprintf(path, sizeof path, "%s/tasks", directory);
    count = uv_fs_scandir(NULL, &request, path, 0, NULL);
    found->items = count > 0 ? calloc((size_t)count, sizeof *found->items) : NULL;
    while (found->items != NULL && uv_fs_scandir_next(&request, &entry) == 0) {
        bundle *next = &found->items[found->count];
        char inside[2 * PATH_SIZE];

        if (strlen(entry.name) >= TETHER_ID_SIZE || entry.name[0] == '.')
            continue;
        snprintf(inside, sizeof inside, "%s/%s", path, entry.name);
        if (uv_fs_stat(NULL, &status, inside, NULL) == 0) {
            strcpy(next->task_id, entry.name);
            next->changed = (double)status.statbuf.st_mtim.tv_sec +
                            (double)status.statbuf.st_mtim.tv_nsec / 1e9;
            found->count++;
        }
        uv_fs_req_cleanup(&status);
    }
    uv_fs_req_cleanup(&request);
    if (found->count > 1)
        qsort(found->items, found->count, sizeof *found->items, newest_first);
}

static bool is_listed(const complete_tasks *tasks, const char *task_id)
{
    size_t i;

    for (i = 0; i < tasks->count; i++) {
        if (strcmp(tasks->items[i]->task_id, task_id) == 0)
            return true;
    }
    return false;
}

/* Moves a list into the tasks, for which there is room. */
static void take_list(complete_tasks *tasks, tether_snapshot_list *list, size_t room)
{
    size_t i;

    for (i = 0; list != NULL && i < list->count; i++) {
        if (tasks->count < room) {
            tasks->items[tasks->count++] = list->items[i];
            list->items[i] = NULL;
        }
    }
}

static tether_snapshot_list *read_list(tether_registry *registry, tether_list_scope scope)
{
    tether_list_options options = {0};
    tether_snapshot_list *list;

    options.size = sizeof options;
    options.scope = scope;
    options.without_output = true;
    return tether_list_in(registry, &options, &list, NULL) == 0 ? list : NULL;
}

/* Adds ended tasks one by one: the newest as a whole, since reading all would take too long. */
static void add_ended(tether_registry *registry, const bundles *known, const char *typed,
                      complete_tasks *tasks)
{
    enum { AS_A_WHOLE = 40 };
    const complete_tasks running = *tasks;
    size_t i;

    for (i = 0; i < known->count; i++) {
        const char *task_id = known->items[i].task_id;
        bool matches = *typed != '\0' && strncmp(task_id, typed, strlen(typed)) == 0;
        tether_snapshot *task = NULL;

        if (is_listed(&running, task_id))
            continue;
        if (i < AS_A_WHOLE && tether_status_get(registry, task_id, &task, NULL) != 0)
            task = NULL;
        if (task == NULL && i >= AS_A_WHOLE && matches) {
            task = calloc(1, sizeof *task);
            if (task != NULL)
                strcpy(task->task_id, task_id);
        }
        if (task != NULL)
            tasks->items[tasks->count++] = task;
    }
}

static void read_tasks(tether_registry *registry, const bundles *known, const char *typed,
                       complete_tasks *tasks)
{
    tether_list_scope scope = known->count > MANY ? TETHER_LIST_RUNNING : TETHER_LIST_ALL;
    tether_snapshot_list *list = read_list(registry, scope);
    size_t room = known->count + (list != NULL ? list->count : 0) + 1;

    tasks->items = calloc(room, sizeof(tether_snapshot *));
    if (tasks->items != NULL) {
        take_list(tasks, list, room);
        if (scope == TETHER_LIST_RUNNING)
            add_ended(registry, known, typed, tasks);
    }
    tether_snapshot_list_free(list);
}

void complete_list(const cli_options *cli, const char *typed, complete_tasks *tasks)
{
    wanted session = {cli->session != NULL ? cli->session : "default", ""};
    tether_open_options options = {0};
    tether_registry *registry;
    char store[PATH_SIZE];
    bundles known = {NULL, 0};

    tasks->items = NULL;
    tasks->count = 0;
    complete_sessions(cli, compare, &session);
    if (session.directory[0] == '\0' || !store_path(cli, store))
        return;
    options.size = sizeof options;
    options.store = store;
    options.session = session.session_id;
    options.lock_timeout_ms = LOCK_MS;
    options.no_gc = 1;
    options.deferred = 1;
    if (tether_open(&options, &registry, NULL) != 0)
        return;
    read_bundles(session.directory, &known);
    read_tasks(registry, &known, typed, tasks);
    free(known.items);
    tether_close(registry, TETHER_DETACH, NULL);
}

void complete_list_dispose(complete_tasks *tasks)
{
    size_t i;

    for (i = 0; i < tasks->count; i++) {
        if (tasks->items[i]->session_id != NULL)
            tether_snapshot_free(tasks->items[i]);
        else
            free(tasks->items[i]);
    }
    free((void *)tasks->items);
}
