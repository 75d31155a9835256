/* Owns "tether gc": removing ended tasks of the whole store or of one session.
 * Must not: decide what may be removed; the library does that.
 * Thread: the main one. */
#include "cli/verbs.h"

#include "cli/duration.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/stream.h"

const char verb_gc_help[] =
    "tether gc [--older-than DUR | --all] [--session-only]\n"
    "\n"
    "Removes tasks that have ended and were acknowledged, with their output, from\n"
    "every session of the store; and tasks that ended 30 days ago, acknowledged or\n"
    "not.\n"
    "\n"
    "  --older-than DUR     only tasks that ended at least this long ago (default:\n"
    "                       24h; 0: any)\n"
    "  --all                all ended tasks now, acknowledged or not\n"
    "  --session-only       only tasks of this session\n";

enum { OPT_OLDER_THAN = 1, OPT_ALL, OPT_SESSION_ONLY };

static const args_option gc_options[] = {
    {"--older-than", ARGS_VALUE, OPT_OLDER_THAN},
    {"--all", ARGS_FLAG, OPT_ALL},
    {"--session-only", ARGS_FLAG, OPT_SESSION_ONLY},
    {NULL, ARGS_FLAG, 0},
};

typedef struct gc_request {
    int64_t older_than_ms; /* 0: any age; -1: not given */
    bool all;
    bool session_only;
} gc_request;

static int parse(const cli_options *cli, cli_args *args, gc_request *request)
{
    args_result result;
    const char *value;
    int id;

    while ((result = args_next(args, &id, &value)) == ARGS_OPTION) {
        if (id == OPT_SESSION_ONLY)
            request->session_only = true;
        else if (id == OPT_ALL)
            request->all = true;
        else if (!duration_parse(value, &request->older_than_ms))
            return print_bad_duration(cli, "--older-than", value);
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    if (result == ARGS_OPERAND)
        return print_failure(
            cli, TETHER_EINVAL, "read arguments",
            "unexpected argument %.80s: gc takes none, tether rm removes single tasks; "
            "see tether help gc",
            value);
    if (request->all && request->older_than_ms >= 0)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--all and --older-than exclude each other: --all removes tasks of "
                             "any age; leave one of them out");
    return 0;
}

static int collect(tether_registry *registry, const gc_request *request, tether_gc_result *result,
                   tether_error *error)
{
    tether_gc_options options = {0};

    options.size = sizeof options;
    options.session_only = request->session_only;
    /* In tether_gc, 0 means the default age and -1 any age. */
    if (request->all) {
        options.older_than_ms = -1;
        options.pending_older_than_ms = -1;
    } else if (request->older_than_ms >= 0) {
        options.older_than_ms = request->older_than_ms != 0 ? request->older_than_ms : -1;
    }
    return tether_gc(registry, &options, result, error);
}

static int show(const cli_options *cli, tether_registry *registry, const gc_request *request)
{
    tether_gc_result result = {0};
    tether_error error = {0};
    int code;

    progress_begin(cli, "removing ended tasks", NULL, NULL);
    code = collect(registry, request, &result, &error);
    progress_end();
    if (code != 0)
        return print_error(cli, &error);
    if (cli->json)
        stream_format(stream_stdout(),
                      "{\"removed\":%zu,\"kept\":%zu,\"leftovers\":%zu,\"quarantined\":%zu,"
                      "\"expired\":%zu}\n",
                      result.removed, result.kept, result.leftovers, result.quarantined,
                      result.expired);
    else
        stream_format(
            stream_stdout(), "removed %zu, kept %zu, leftovers %zu, quarantined %zu, expired %zu\n",
            result.removed, result.kept, result.leftovers, result.quarantined, result.expired);
    return 0;
}

int verb_gc(cli_options *cli, cli_args *args)
{
    gc_request request = {-1, false, false};
    tether_registry *registry;
    int code;

    args->options = gc_options;
    code = parse(cli, args, &request);
    if (code == 0)
        code = session_open(cli, &registry);
    if (code == 0)
        code = session_close(cli, registry, show(cli, registry, &request));
    return code;
}
