/* Owns "tether wait": waiting for tasks like the shell's wait, and exiting with their codes.
 * Must not: end tasks, or acknowledge them unless wait_next.c takes the next completion.
 * Thread: the main one. */
#include "cli/verbs.h"

#include "cli/duration.h"
#include "cli/ids.h"
#include "cli/moment.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/resolve.h"
#include "cli/stream.h"
#include "cli/troubles.h"
#include "cli/wait_next.h"
#include "cli/waited.h"

const char verb_wait_help[] =
    "tether wait [ID...] [-n] [--timeout DUR] [--quiet]\n"
    "\n"
    "Waits until these tasks have ended; exits with the code of the last one named.\n"
    "Without an ID, waits for all running tasks of the session and exits with 0.\n"
    "\n"
    "  -n                   wait until any one has ended; print its id, exit with\n"
    "                       its code. Without an ID, take the next completion of the\n"
    "                       session, and acknowledge it: repeated, this tells of\n"
    "                       each task once\n"
    "  --timeout DUR        wait at most this long, then exit with 124; 0: only look\n"
    "  -q, --quiet          show no status line on a terminal\n";

enum { OPT_ANY = 1, OPT_TIMEOUT, OPT_QUIET };

static const args_option wait_options[] = {
    {"-n", ARGS_FLAG, OPT_ANY},
    {"--timeout", ARGS_VALUE, OPT_TIMEOUT},
    {"--quiet", ARGS_FLAG, OPT_QUIET},
    {"-q", ARGS_FLAG, OPT_QUIET},
    {NULL, ARGS_FLAG, 0},
};

typedef struct wait_request {
    cli_ids ids;
    bool any;
    bool all_running;   /* no id was given */
    int64_t timeout_ms; /* -1: no limit */
} wait_request;

static int parse(cli_options *cli, cli_args *args, wait_request *request)
{
    args_result result;
    const char *value;
    int id;

    while ((result = args_next(args, &id, &value)) == ARGS_OPTION || result == ARGS_OPERAND) {
        if (result == ARGS_OPERAND)
            request->ids.items[request->ids.count++] = value;
        else if (id == OPT_ANY)
            request->any = true;
        else if (id == OPT_QUIET)
            cli->quiet = true;
        else if (!duration_parse(value, &request->timeout_ms))
            return print_bad_duration(cli, "--timeout", value);
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    request->all_running = request->ids.count == 0;
    return 0;
}

/* If the task has ended: prints it with --json, and sets *outcome (may be NULL) to its exit code.
 * Skips a task that has not ended, which happens after a timeout. */
static int report(const cli_options *cli, tether_registry *registry, const char *task_id,
                  int *outcome)
{
    tether_snapshot *snapshot;
    tether_error error = {0};
    int code = 0;

    if (tether_status_get(registry, task_id, &snapshot, &error) != 0)
        return print_error(cli, &error);
    if (tether_status_ended(snapshot->status)) {
        if (cli->json)
            code = print_snapshot_json(cli, snapshot);
        if (outcome != NULL)
            *outcome = print_outcome(cli, snapshot);
    }
    tether_snapshot_free(snapshot);
    return code;
}

/* Prints the task that ended and returns its exit code. */
static int report_any(const cli_options *cli, tether_registry *registry, const char *task_id)
{
    int outcome = EXIT_FAILED, code;

    if (!cli->json) {
        stream_text(stream_stdout(), task_id);
        stream_text(stream_stdout(), "\n");
    }
    code = report(cli, registry, task_id, &outcome);
    return code != 0 ? code : outcome;
}

static int wait_any(const cli_options *cli, tether_registry *registry, const wait_request *request)
{
    char task_id[TETHER_ID_SIZE];
    tether_waiter *waiter;
    tether_error error = {0};
    int result;

    if (tether_waiter_open(registry, request->ids.items, request->ids.count, &waiter, &error) != 0)
        return print_error(cli, &error);
    result = tether_waiter_next(waiter, request->timeout_ms, task_id, &error);
    tether_waiter_close(waiter);
    if (result == 0)
        return report_any(cli, registry, task_id);
    return print_error(cli, &error);
}

static int wait_all(const cli_options *cli, tether_registry *registry, const wait_request *request)
{
    const cli_ids *ids = &request->ids;
    tether_error error = {0};
    int waited = 0, outcome = 0, code = 0;
    size_t i;

    if (ids->count > 0)
        waited = tether_wait(registry, ids->items, ids->count, TETHER_WAIT_ALL, request->timeout_ms,
                             NULL, &error);
    if (waited != 0 && waited != TETHER_ETIMEDOUT)
        return print_error(cli, &error);
    for (i = 0; i < ids->count && code == 0; i++) {
        /* As in a shell, return the code of the last task, and only if ids were given. */
        bool last = i + 1 == ids->count && !request->all_running && waited == 0;

        if (cli->json || last)
            code = report(cli, registry, ids->items[i], last ? &outcome : NULL);
    }
    if (waited != 0)
        return print_error(cli, &error);
    return code != 0 ? code : outcome;
}

/* Waits with a status line. */
static int wait_shown(const cli_options *cli, tether_registry *registry,
                      const wait_request *request)
{
    cli_waited line = {.registry = registry, .count = request->ids.count, .limit = "timeout"};
    int code;

    line.until = moment_after(request->timeout_ms);
    if (request->ids.count > 0)
        line.ids = request->ids.items;
    progress_begin(cli, "waiting", waited_fill, &line);
    if (request->all_running && request->any)
        code = wait_next_run(cli, registry, request->timeout_ms);
    else
        code = request->any ? wait_any(cli, registry, request) : wait_all(cli, registry, request);
    progress_end();
    return code;
}

static int wait_for(const cli_options *cli, tether_registry *registry, wait_request *request,
                    cli_troubles *troubles)
{
    int code;

    if (request->all_running && request->any)
        return wait_shown(cli, registry, request);
    if (request->all_running)
        code = resolve_scope(cli, registry, TETHER_LIST_RUNNING, &request->ids);
    else
        code = resolve_ids(cli, registry, &request->ids);
    if (code != 0)
        return code;
    troubles_watch(troubles, request->ids.items, request->ids.count);
    return wait_shown(cli, registry, request);
}

int verb_wait(cli_options *cli, cli_args *args)
{
    wait_request request = {{NULL, 0, NULL, NULL}, false, false, -1};
    tether_open_options options = {0};
    cli_troubles troubles;
    tether_registry *registry;
    int code;

    args->options = wait_options;
    if (!troubles_init(&troubles, cli, &options))
        return print_no_memory(cli);
    if (!ids_init(&request.ids, args)) {
        troubles_dispose(&troubles);
        return print_no_memory(cli);
    }
    code = parse(cli, args, &request);
    if (code == 0)
        code = session_open_with(cli, &options, &registry);
    if (code == 0) {
        code = wait_for(cli, registry, &request, &troubles);
        code = session_close(cli, registry, code);
    }
    troubles_dispose(&troubles);
    ids_dispose(&request.ids);
    return code;
}
