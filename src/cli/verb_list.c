/* Owns: "tether list" and "tether status": what is known of the session's tasks.
 * Must not: change a task, or show its output beyond the preview.
 * Runs on: the main thread. */
#include "verbs.h"

#include <stddef.h>

#include "print.h"
#include "stream.h"

const char verb_list_help[] = "tether list [--all]\n"
                              "\n"
                              "Lists the session's tasks, the newest first.\n"
                              "\n"
                              "  --all                ended tasks too\n";

const char verb_status_help[] = "tether status ID\n"
                                "\n"
                                "Shows all that is known of one task.\n";

enum { OPT_ALL = 1 };

static const args_option list_options[] = {
    {"--all", ARGS_FLAG, OPT_ALL},
    {NULL, ARGS_FLAG, 0},
};

static int print_list(const cli_options *cli, const tether_snapshot_list *list,
                      tether_list_scope scope)
{
    size_t i;

    for (i = 0; cli->json && i < list->count; i++) {
        int code = print_snapshot_json(cli, &list->items[i]);

        if (code != 0)
            return code;
    }
    if (cli->json)
        return 0;
    if (list->count > 0) {
        print_table(list);
    } else if (stream_is_terminal(stream_stderr())) {
        stream_text(stream_stderr(),
                    scope == TETHER_LIST_ALL
                        ? "no tasks in this session\n"
                        : "no running tasks (tether list --all shows ended ones)\n");
    }
    return 0;
}

int verb_list(cli_options *cli, cli_args *args)
{
    tether_list_scope scope = TETHER_LIST_RUNNING;
    tether_registry *registry;
    tether_snapshot_list *list;
    tether_error error;
    args_result result;
    const char *value;
    int id, code;

    args->options = list_options;
    while ((result = args_next(args, &id, &value)) == ARGS_OPTION)
        scope = TETHER_LIST_ALL;
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    if (result == ARGS_OPERAND)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "list takes no operand such as %.80s; tether status shows one task",
                             value);
    code = session_open(cli, &registry);
    if (code != 0)
        return code;
    if (tether_list(registry, scope, &list, &error) != 0)
        return session_close(cli, registry, print_error(cli, &error));
    code = print_list(cli, list, scope);
    tether_snapshot_list_free(list);
    return session_close(cli, registry, code);
}

static int show_status(const cli_options *cli, const char *task_id)
{
    tether_registry *registry;
    tether_snapshot *snapshot;
    tether_error error;
    int code = session_open(cli, &registry);

    if (code != 0)
        return code;
    if (tether_status_get(registry, task_id, &snapshot, &error) != 0)
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
    const char *value;
    args_result result;
    int id;

    while ((result = args_next(args, &id, &value)) == ARGS_OPERAND) {
        if (task_id != NULL)
            return print_failure(cli, TETHER_EINVAL, "read arguments",
                                 "status takes one task id; tether list --all shows all tasks");
        task_id = value;
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    if (task_id == NULL)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "status needs a task id; tether list shows them");
    return show_status(cli, task_id);
}
