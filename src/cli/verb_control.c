/* Owns "tether pause", "tether resume", "tether promote" and "tether rm": one library call for each
 * task.
 * Must not: send a signal itself; the library verifies which processes it signals.
 * Thread: the main one. */
#include "cli/verbs.h"

#include "cli/escape.h"
#include "cli/ids.h"
#include "cli/print.h"
#include "cli/resolve.h"
#include "cli/stream.h"

const char verb_pause_help[] =
    "tether pause ID...\n"
    "\n"
    "Stops tasks with all their processes, until tether resume. Their timeouts\n"
    "continue to run, and tether kill ends them.\n";

const char verb_resume_help[] = "tether resume ID...\n"
                                "\n"
                                "Continues paused tasks.\n";

const char verb_promote_help[] =
    "tether promote ID...\n"
    "\n"
    "Requests a completion for tasks that were started with --no-notify. If a task\n"
    "has ended already, its completion is pending at once.\n";

const char verb_rm_help[] =
    "tether rm ID...\n"
    "\n"
    "Removes ended tasks now, with their output, acknowledged or not. A task that\n"
    "runs is not removed: tether kill ends it.\n";

/* One of tether_pause, tether_resume, tether_promote, tether_remove. */
typedef int control_function(tether_registry *registry, const char *task_id, tether_error *error);

static int parse(const cli_options *cli, cli_args *args, cli_ids *ids)
{
    args_result result;
    const char *value;
    int id;

    while ((result = args_next(args, &id, &value)) == ARGS_OPERAND)
        ids->items[ids->count++] = value;
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    if (ids->count == 0)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "%s needs a task id; tether list --all shows them", args->verb);
    return 0;
}

/* Prints the task as it is after the call; a removed one by its id. */
static int print_json(const cli_options *cli, tether_registry *registry, const char *task_id,
                      control_function *function)
{
    cli_stream *to = stream_stdout();

    if (function != tether_remove)
        return print_task_json(cli, registry, task_id, NULL);
    stream_text(to, "{\"kind\":\"removed\",\"task_id\":");
    escape_json_string(to, task_id);
    stream_text(to, "}\n");
    return 0;
}

/* Tries every task. Returns the exit code of the first failure. */
static int control_all(const cli_options *cli, tether_registry *registry, cli_ids *ids,
                       control_function *function)
{
    int first = resolve_ids(cli, registry, ids);
    size_t i;

    for (i = 0; i < ids->count; i++) {
        tether_error error = {0};
        int code = 0;

        if (function(registry, ids->items[i], &error) != 0)
            code = print_error(cli, &error);
        else if (cli->json)
            code = print_json(cli, registry, ids->items[i], function);
        if (first == 0)
            first = code;
    }
    return first;
}

static int control(const cli_options *cli, cli_args *args, control_function *function)
{
    tether_registry *registry;
    cli_ids ids;
    int code;

    if (!ids_init(&ids, args))
        return print_no_memory(cli);
    code = parse(cli, args, &ids);
    if (code == 0)
        code = session_open(cli, &registry);
    if (code == 0)
        code = session_close(cli, registry, control_all(cli, registry, &ids, function));
    ids_dispose(&ids);
    return code;
}

int verb_pause(cli_options *cli, cli_args *args)
{
    return control(cli, args, tether_pause);
}

int verb_resume(cli_options *cli, cli_args *args)
{
    return control(cli, args, tether_resume);
}

int verb_promote(cli_options *cli, cli_args *args)
{
    return control(cli, args, tether_promote);
}

int verb_rm(cli_options *cli, cli_args *args)
{
    return control(cli, args, tether_remove);
}
