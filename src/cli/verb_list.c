/* Owns "tether list" and "tether status": printing the state of tasks.
 * Must not: change a task, or print its output beyond the preview.
 * Thread: the main one. */
#include "cli/verbs.h"

#include <stddef.h>

#include "cli/print.h"
#include "cli/resolve.h"
#include "cli/stream.h"

const char verb_list_help[] =
    "tether list [--all] [--all-sessions] [--project DIR]\n"
    "\n"
    "Lists the running tasks of the session, the newest first.\n"
    "\n"
    "  --all                include ended tasks\n"
    "  --all-sessions       include every session of the store\n"
    "  --project DIR        tasks that belong to this directory, in every session\n";

const char verb_status_help[] =
    "tether status ID [--project DIR]\n"
    "\n"
    "Shows the state of one task.\n"
    "\n"
    "  --project DIR        search every session for the task, if it belongs to this directory\n";

enum { OPT_ALL = 1, OPT_ALL_SESSIONS, OPT_PROJECT };

static const args_option list_options[] = {
    {"--all", ARGS_FLAG, OPT_ALL},
    {"--all-sessions", ARGS_FLAG, OPT_ALL_SESSIONS},
    {"--project", ARGS_VALUE, OPT_PROJECT},
    {NULL, ARGS_FLAG, 0},
};

static const args_option status_options[] = {
    {"--project", ARGS_VALUE, OPT_PROJECT},
    {NULL, ARGS_FLAG, 0},
};

/* Explains an empty list, on a terminal only. */
static void print_none(const tether_list_options *options)
{
    cli_stream *to = stream_stderr();
    bool all = options->scope == TETHER_LIST_ALL;

    if (!stream_is_terminal(to))
        return;
    stream_text(to, all ? "no tasks" : "no running tasks");
    if (options->project_root != NULL)
        stream_text(to, " of this project");
    else
        stream_text(to, options->all_sessions ? " in this store" : " in this session");
    stream_text(to, all ? "\n" : " (tether list --all shows ended tasks)\n");
}

static int print_list(const cli_options *cli, const tether_snapshot_list *list,
                      const tether_list_options *options)
{
    size_t i;

    for (i = 0; cli->json && i < list->count; i++) {
        int code = print_snapshot_json(cli, list->items[i]);

        if (code != 0)
            return code;
    }
    if (cli->json)
        return 0;
    if (list->count > 0)
        print_table(list, options->all_sessions || options->project_root != NULL);
    else
        print_none(options);
    return 0;
}

static int parse_list(const cli_options *cli, cli_args *args, tether_list_options *options)
{
    args_result result;
    const char *value;
    int id;

    while ((result = args_next(args, &id, &value)) == ARGS_OPTION) {
        if (id == OPT_ALL)
            options->scope = TETHER_LIST_ALL;
        else if (id == OPT_ALL_SESSIONS)
            options->all_sessions = true;
        else
            options->project_root = value;
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    if (result == ARGS_OPERAND)
        return print_failure(
            cli, TETHER_EINVAL, "read arguments",
            "unexpected argument %.80s: list takes none; tether status shows one task", value);
    return 0;
}

int verb_list(cli_options *cli, cli_args *args)
{
    tether_list_options options = {0};
    tether_registry *registry;
    tether_snapshot_list *list;
    tether_error error = {0};
    int code;

    args->options = list_options;
    options.size = sizeof options;
    code = parse_list(cli, args, &options);
    if (code == 0)
        code = session_open(cli, &registry);
    if (code != 0)
        return code;
    if (tether_list_in(registry, &options, &list, &error) != 0)
        return session_close(cli, registry, print_error(cli, &error));
    code = print_list(cli, list, &options);
    tether_snapshot_list_free(list);
    return session_close(cli, registry, code);
}

static int show_status(const cli_options *cli, const char *word, const char *project_root)
{
    tether_registry *registry;
    tether_snapshot *snapshot;
    tether_error error = {0};
    char task_id[TETHER_ID_SIZE];
    int code = session_open(cli, &registry);

    if (code != 0)
        return code;
    code = resolve_one(cli, registry, word, project_root, task_id);
    if (code != 0)
        return session_close(cli, registry, code);
    if (tether_find(registry, task_id, project_root, &snapshot, &error) != 0)
        return session_close(cli, registry, print_error(cli, &error));
    if (cli->json)
        code = print_snapshot_json(cli, snapshot);
    else
        print_details(snapshot);
    tether_snapshot_free(snapshot);
    return session_close(cli, registry, code);
}

int verb_status(cli_options *cli, cli_args *args)
{
    const char *task_id = NULL;
    const char *project_root = NULL;
    const char *value;
    args_result result;
    int id;

    args->options = status_options;
    while ((result = args_next(args, &id, &value)) == ARGS_OPERAND || result == ARGS_OPTION) {
        if (result == ARGS_OPTION)
            project_root = value;
        else if (task_id != NULL)
            return print_failure(
                cli, TETHER_EINVAL, "read arguments",
                "status takes only one task id; tether list --all shows all tasks");
        else
            task_id = value;
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    if (task_id == NULL)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "status needs a task id; tether list shows them");
    return show_status(cli, task_id, project_root);
}
