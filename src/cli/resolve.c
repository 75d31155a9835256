/* Owns looking up the words of the command line in a session, and reporting those that fail.
 * Must not: decide what a word means; reference.c does that.
 * Thread: the main one. */
#include "cli/resolve.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print.h"
#include "cli/reference.h"

/* Several words are looked up in the same list, so that all of them mean the same moment. */
typedef struct resolver {
    const cli_options *cli;
    tether_registry *registry;
    const char *project_root;
    tether_snapshot_list *own;     /* all tasks of the session; NULL: not read yet */
    tether_snapshot_list *project; /* likewise those of the project */
} resolver;

static void dispose(resolver *r)
{
    tether_snapshot_list_free(r->own);
    tether_snapshot_list_free(r->project);
}

/* Reads a list once. Returns 0 or an exit code. */
static int read_list(const resolver *r, const char *project_root, tether_snapshot_list **list)
{
    tether_list_options options = {0};
    tether_error error = {0};

    if (*list != NULL)
        return 0;
    options.size = sizeof options;
    options.scope = TETHER_LIST_ALL;
    options.project_root = project_root;
    options.without_output = true;
    if (tether_list_in(r->registry, &options, list, &error) != 0)
        return print_error(r->cli, &error);
    return 0;
}

static int report_none(const resolver *r, const char *word)
{
    return print_failure(r->cli, TETHER_ENOTASK, "find task",
                         "no task %.80s in session %.128s%s: no task has this id or name, and no "
                         "id begins with it; tether list --all shows the tasks of this session, "
                         "and --session selects another one",
                         word, r->cli->session != NULL ? r->cli->session : "default",
                         r->project_root != NULL ? " or the project" : "");
}

/* Reports all tasks whose id begins with the word. */
static int report_several(const resolver *r, const char *word, const tether_snapshot_list *list,
                          size_t count)
{
    const tether_snapshot **tasks = calloc(count, sizeof *tasks);
    size_t used = 0, i;
    int code;

    if (tasks == NULL)
        return print_no_memory(r->cli);
    for (i = 0; i < list->count && used < count; i++) {
        if (reference_begins(word, list->items[i]))
            tasks[used++] = list->items[i];
    }
    code = print_ambiguous(r->cli, word, tasks, used);
    free((void *)tasks);
    return code;
}

/* Looks a word up in lists that are read when they are needed. */
static int look_up(resolver *r, const char *word, char task_id[TETHER_ID_SIZE])
{
    tether_snapshot_list *list;
    reference found;
    int code = read_list(r, NULL, &r->own);

    if (code != 0)
        return code;
    list = r->own;
    found = reference_find(word, list->items, list->count);
    if (found.count == 0 && r->project_root != NULL) {
        code = read_list(r, r->project_root, &r->project);
        if (code != 0)
            return code;
        list = r->project;
        found = reference_find(word, list->items, list->count);
    }
    if (found.count == 0)
        return report_none(r, word);
    if (found.count > 1)
        return report_several(r, word, list, found.count);
    strcpy(task_id, list->items[found.first]->task_id);
    return 0;
}

/* Resolves one word. A task of the session with exactly this id needs no list, which would take the
 * longer the more tasks there are. */
static int resolve(resolver *r, const char *word, char task_id[TETHER_ID_SIZE])
{
    tether_error error = {0};
    /* Does not wait: it checks that there is such a task, and reads less of it than a snapshot. */
    int code = tether_wait(r->registry, &word, 1, TETHER_WAIT_ALL, 0, NULL, &error);

    task_id[0] = '\0';
    if (*word == '\0')
        return print_error(r->cli, &error);
    if (code == TETHER_EINVAL || code == TETHER_ENOTASK)
        return look_up(r, word, task_id);
    /* Other failures are those of the task itself, and the verb meets them too. */
    strcpy(task_id, word);
    return 0;
}

int resolve_one(const cli_options *cli, tether_registry *registry, const char *word,
                const char *project_root, char task_id[TETHER_ID_SIZE])
{
    resolver r = {cli, registry, project_root, NULL, NULL};
    int code = resolve(&r, word, task_id);

    dispose(&r);
    return code;
}

int resolve_ids(const cli_options *cli, tether_registry *registry, cli_ids *ids)
{
    resolver r = {cli, registry, NULL, NULL, NULL};
    size_t kept = 0, i;
    int first = 0;

    if (!ids_make_room(ids))
        return print_no_memory(cli);
    for (i = 0; i < ids->count; i++) {
        int code = resolve(&r, ids->items[i], ids->resolved[kept]);

        if (code == 0) {
            ids->items[kept] = ids->resolved[kept];
            kept++;
        } else if (first == 0) {
            first = code;
        }
    }
    ids->count = kept;
    dispose(&r);
    return first;
}

int resolve_scope(const cli_options *cli, tether_registry *registry, tether_list_scope scope,
                  cli_ids *ids)
{
    tether_snapshot_list *list;
    tether_error error = {0};

    if (tether_list(registry, scope, &list, &error) != 0)
        return print_error(cli, &error);
    if (ids_from_list(ids, list))
        return 0;
    tether_snapshot_list_free(list);
    return print_no_memory(cli);
}
