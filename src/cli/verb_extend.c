/* Owns "tether extend".
 * Must not: enforce a deadline; the supervisor and the library do.
 * Thread: the main one. */
#include "cli/verbs.h"

#include <string.h>

#include "cli/duration.h"
#include "cli/print.h"
#include "cli/resolve.h"

const char verb_extend_help[] =
    "tether extend ID DUR\n"
    "\n"
    "Moves the deadline of a running task to this time from now, earlier or later;\n"
    "0 or none: it has no deadline any more. If the deadline is over already, the\n"
    "task is ended all the same, and the exit status is 125.\n";

typedef struct extend_request {
    const char *id;
    int64_t timeout_ms; /* 0: not given */
} extend_request;

static int take_operand(const cli_options *cli, extend_request *request, const char *value)
{
    if (request->id == NULL) {
        request->id = value;
        return 0;
    }
    if (request->timeout_ms != 0)
        return print_failure(
            cli, TETHER_EINVAL, "read arguments",
            "unexpected argument %.80s: extend takes one task id and one duration; leave it out",
            value);
    if (strcmp(value, "none") != 0 && !duration_parse(value, &request->timeout_ms))
        return print_bad_duration(cli, "the time", value);
    if (request->timeout_ms == 0)
        request->timeout_ms = TETHER_NO_TIMEOUT;
    return 0;
}

static int parse(const cli_options *cli, cli_args *args, extend_request *request)
{
    args_result result;
    const char *value;
    int id, code;

    while ((result = args_next(args, &id, &value)) == ARGS_OPERAND) {
        code = take_operand(cli, request, value);
        if (code != 0)
            return code;
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    if (request->timeout_ms == 0)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "extend needs a task id and the time from now, such as 30m; "
                             "tether list --all shows the task ids");
    return 0;
}

static int extend(const cli_options *cli, tether_registry *registry, const extend_request *request)
{
    char task_id[TETHER_ID_SIZE];
    tether_error error = {0};
    int code = resolve_one(cli, registry, request->id, NULL, task_id);

    if (code != 0)
        return code;
    if (tether_extend(registry, task_id, request->timeout_ms, &error) != TETHER_OK)
        return print_error(cli, &error);
    return cli->json ? print_task_json(cli, registry, task_id, NULL) : 0;
}

int verb_extend(cli_options *cli, cli_args *args)
{
    extend_request request = {0};
    tether_registry *registry;
    int code = parse(cli, args, &request);

    if (code == 0)
        code = session_open(cli, &registry);
    return code == 0 ? session_close(cli, registry, extend(cli, registry, &request)) : code;
}
