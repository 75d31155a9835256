/* Owns looking up tasks beyond the registry's own session: by project, in all sessions.
 * Must not: keep what it finds in other sessions.
 * Thread: any. */
#include <stdlib.h>
#include <string.h>

#include "format/snapshot.h"
#include "base/error.h"
#include "base/options.h"
#include "engine/core.h"
#include "engine/refresh.h"
#include "engine/replay.h"
#include "engine/sessions.h"
#include "engine/snapshot.h"
#include "os/host.h"
#include "output/compress.h"
#include "task/list.h"
#include "task/orphans.h"
#include "task/task.h"
#include "tether/task.h"

static const char directory_name[] = "project directory";

static bool in_project(const tether__record *record, const char *project)
{
    return project == NULL ||
           (record->project_root != NULL && strcmp(record->project_root, project) == 0);
}

/* --- One task --- */

typedef struct lookup {
    const char *task_id;
    const char *project;
    tether_snapshot *found;
} lookup;

static int find_in(tether__catalog *catalog, bool own, void *userdata, tether_error *error)
{
    lookup *l = userdata;
    tether__entry *entry;
    if (own)
        return TETHER_OK;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, l->task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code == TETHER_OK && in_project(&entry->record, l->project)) {
        l->found = calloc(1, sizeof *l->found);
        code = l->found != NULL ? tether__snapshot_fill(catalog->session, entry, l->found, error)
                                : tether__fail_memory(error, "find task");
        if (code != TETHER_OK) {
            free(l->found);
            l->found = NULL;
        } else {
            tether__task_survivors(entry, NULL, l->found);
        }
    }
    uv_mutex_unlock(&catalog->disk);
    return code == TETHER_OK && l->found != NULL ? TETHER__SESSIONS_STOP : code;
}

/* `own_error` is the error of the lookup in the own session. That error becomes part of the message
 * if the other sessions do not have the task either. */
static int find_elsewhere(tether_registry *registry, lookup *l, const tether_error *own_error,
                          tether_error *error)
{
    int code = tether__sessions_visit(registry, find_in, l, error);
    if (code != TETHER_OK || l->found != NULL)
        return code;
    return tether__fail(error, TETHER_ENOTASK, 0, own_error->step,
                        "%.200s; no other session has it in project %.200s", own_error->message,
                        l->project);
}

int tether_find(tether_registry *registry, const char *task_id, const char *project_root,
                tether_snapshot **snapshot, tether_error *error)
{
    tether_error own_error = {0};
    char *project = NULL;
    int code = tether_status_get(registry, task_id, snapshot, &own_error);
    if (code != TETHER_ENOTASK || project_root == NULL) {
        if (code != TETHER_OK)
            tether__error_set(error, &own_error);
        return code;
    }
    code = tether__os_former_directory(directory_name, project_root, &project, error);
    if (code != TETHER_OK)
        return code;
    lookup l = {task_id, project, NULL};
    code = find_elsewhere(registry, &l, &own_error, error);
    if (l.found != NULL)
        tether__compress_preview(registry, l.found);
    *snapshot = l.found;
    free(project);
    return code;
}

/* --- Lists --- */

typedef struct listing {
    tether_list_options options;
    char *project; /* canonical; NULL: any */
    tether_snapshot_list *list;
    const tether__session *session; /* that is being listed */
} listing;

static int newest_first(const void *left, const void *right)
{
    const tether_snapshot *a = *(tether_snapshot *const *)left;
    const tether_snapshot *b = *(tether_snapshot *const *)right;
    if (a->started_at != b->started_at)
        return a->started_at < b->started_at ? 1 : -1;
    return strcmp(a->task_id, b->task_id);
}

static bool is_selected(const tether__entry *entry, void *userdata)
{
    const listing *l = userdata;
    bool in_scope = l->options.scope == TETHER_LIST_ALL || !entry->ended;
    if (l->options.scope == TETHER_LIST_ORPHANS)
        in_scope = tether__orphans_possible(l->session, entry);
    return in_scope && in_project(&entry->record, l->project);
}

static int keep_orphans(tether__catalog *catalog, tether_snapshot_list *some, tether_error *error)
{
    tether__catalog_hold(catalog);
    int code = tether__orphans_keep(catalog, some, error);
    tether__catalog_release(catalog);
    return code;
}

static int list_session(tether__catalog *catalog, bool own, void *userdata, tether_error *error)
{
    listing *l = userdata;
    tether_snapshot_list *some;
    tether__list_request request = {
        .scope = l->options.scope != TETHER_LIST_RUNNING ? TETHER__SCOPE_ALL : TETHER__SCOPE_LIVE,
        .without_output = l->options.without_output,
        .matches = is_selected,
        .userdata = l,
        .order = newest_first,
    };
    (void)own;
    l->session = catalog->session;
    tether__catalog_hold(catalog);
    tether__task_list_begin(catalog, &request);
    int code = tether__replay(catalog, request.scope, request.mode, NULL, error);
    if (code == TETHER_OK)
        code = tether__task_list(catalog, &request, &some, error);
    tether__catalog_release(catalog);
    if (code != TETHER_OK)
        return code;
    /* After the journal: a task that moves to an archive meanwhile is in one of the two. */
    if (request.scope == TETHER__SCOPE_ALL)
        code = tether__task_list_archived(catalog, &request, some, error);
    if (code == TETHER_OK && l->options.scope == TETHER_LIST_ORPHANS)
        code = keep_orphans(catalog, some, error);
    if (code != TETHER_OK) {
        tether_snapshot_list_free(some);
        return code;
    }
    if (!tether__task_list_append(l->list, some))
        code = tether__fail_memory(error, "list tasks");
    tether_snapshot_list_free(some);
    return code;
}

/* A task that moved to an archive, or from one to another, while the list was made is in it twice.
 */
static void drop_repeated(tether_snapshot_list *list)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const tether_snapshot *last = count > 0 ? list->items[count - 1] : NULL;
        if (last != NULL && strcmp(last->task_id, list->items[i]->task_id) == 0 &&
            strcmp(last->session_id, list->items[i]->session_id) == 0)
            tether_snapshot_free(list->items[i]);
        else
            list->items[count++] = list->items[i];
    }
    list->count = count;
}

static int list(tether_registry *registry, listing *l, tether_error *error)
{
    int code = TETHER_OK;
    if (l->options.project_root != NULL)
        code = tether__os_former_directory(directory_name, l->options.project_root, &l->project,
                                           error);
    if (code != TETHER_OK)
        return code;
    l->list = tether__snapshot_list_new(0);
    if (l->list == NULL)
        return tether__fail_memory(error, "list tasks");
    bool everywhere = l->options.all_sessions || l->project != NULL;
    code = everywhere ? tether__sessions_visit(registry, list_session, l, error)
                      : list_session(&registry->catalog, true, l, error);
    if (code != TETHER_OK)
        return code;
    if (l->list->count > 1)
        qsort((void *)l->list->items, l->list->count, sizeof *l->list->items, newest_first);
    drop_repeated(l->list);
    for (size_t i = 0; i < l->list->count && !l->options.without_output; i++)
        tether__compress_preview(registry, l->list->items[i]);
    return TETHER_OK;
}

int tether_list_in(tether_registry *registry, const tether_list_options *given,
                   tether_snapshot_list **out, tether_error *error)
{
    listing l = {0};
    *out = NULL;
    int code = tether__options_take(given, &l.options, sizeof l.options, NULL,
                                    "tether_list_options", error);
    if (code == TETHER_OK)
        code = list(registry, &l, error);
    free(l.project);
    if (code != TETHER_OK)
        tether_snapshot_list_free(l.list);
    else
        *out = l.list;
    return code;
}

int tether_list(tether_registry *registry, tether_list_scope scope, tether_snapshot_list **out,
                tether_error *error)
{
    const tether_list_options options = {.scope = scope};
    return tether_list_in(registry, &options, out, error);
}
