/* Owns the options of "tether watch".
 * Must not: check a pattern; the library does that.
 * Thread: the main one. */
#include "cli/verbs.h"

#include <string.h>

#include "cli/duration.h"
#include "cli/print.h"
#include "cli/watching.h"

const char verb_watch_help[] =
    "tether watch ID PATTERN [options]\n"
    "\n"
    "Prints each line of a task's output that matches a regular expression (PCRE2),\n"
    "once and as soon as the line is complete. Searches from the first byte until\n"
    "the task has ended. Exits with 0 if anything matched, otherwise with 1.\n"
    "\n"
    "  --fixed              PATTERN is plain text\n"
    "  --once               stop after the first match\n"
    "  --partial            print a line as soon as what has come of it matches,\n"
    "                       such as a prompt; $ matches there too\n"
    "  --timeout DUR        watch at most this long, then exit with 124\n"
    "  --stream WHICH       stdout, stderr or both (default: both)\n";

enum { OPT_FIXED = 1, OPT_ONCE, OPT_PARTIAL, OPT_TIMEOUT, OPT_STREAM };

static const args_option watch_options[] = {
    {"--fixed", ARGS_FLAG, OPT_FIXED},     {"--once", ARGS_FLAG, OPT_ONCE},
    {"--partial", ARGS_FLAG, OPT_PARTIAL}, {"--timeout", ARGS_VALUE, OPT_TIMEOUT},
    {"--stream", ARGS_VALUE, OPT_STREAM},  {NULL, ARGS_FLAG, 0},
};

static int take_stream(const cli_options *cli, watch_request *request, const char *value)
{
    if (strcmp(value, "both") == 0)
        request->spec.view = TETHER_VIEW_BOTH;
    else if (strcmp(value, "stdout") == 0)
        request->spec.view = TETHER_VIEW_STDOUT;
    else if (strcmp(value, "stderr") == 0)
        request->spec.view = TETHER_VIEW_STDERR;
    else
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--stream %.80s is unknown: give stdout, stderr or both", value);
    return 0;
}

static int take_option(const cli_options *cli, watch_request *request, int id, const char *value)
{
    switch (id) {
    case OPT_FIXED:
        request->spec.fixed = true;
        return 0;
    case OPT_ONCE:
        request->spec.once = true;
        return 0;
    case OPT_PARTIAL:
        request->spec.partial = true;
        request->spec.whole_lines = false;
        return 0;
    case OPT_TIMEOUT:
        if (duration_parse(value, &request->timeout_ms))
            return 0;
        return print_bad_duration(cli, "--timeout", value);
    default:
        return take_stream(cli, request, value);
    }
}

static int take_operand(const cli_options *cli, watch_request *request, const char *value)
{
    if (request->task_id == NULL)
        request->task_id = value;
    else if (request->spec.pattern == NULL)
        request->spec.pattern = value;
    else
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "unexpected argument %.80s: watch takes one task id and one pattern; "
                             "quote a pattern that contains blanks",
                             value);
    return 0;
}

static int parse(const cli_options *cli, cli_args *args, watch_request *request)
{
    args_result result;
    const char *value;
    int id;

    while ((result = args_next(args, &id, &value)) == ARGS_OPTION || result == ARGS_OPERAND) {
        int code = result == ARGS_OPTION ? take_option(cli, request, id, value)
                                         : take_operand(cli, request, value);

        if (code != 0)
            return code;
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    if (request->spec.pattern == NULL)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "watch needs a task id and a pattern; tether list --all shows the "
                             "task ids");
    return 0;
}

int verb_watch(cli_options *cli, cli_args *args)
{
    watch_request request = {0};
    int code;

    args->options = watch_options;
    request.timeout_ms = -1;
    request.spec.size = sizeof request.spec;
    request.spec.whole_lines = true;
    request.spec.transient = true;
    code = parse(cli, args, &request);
    return code != 0 ? code : watching_run(cli, &request);
}
