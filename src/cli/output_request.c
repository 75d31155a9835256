/* Owns the options of "tether output".
 * Must not: open a registry.
 * Thread: the main one. */
#include "cli/output_request.h"

#include <string.h>

#include "cli/duration.h"
#include "cli/moment.h"
#include "cli/print.h"

enum {
    OPT_STREAM = 1,
    OPT_TAIL,
    OPT_BYTES,
    OPT_OFFSET,
    OPT_FRAMES,
    OPT_FOLLOW,
    OPT_SINCE,
    OPT_TIMESTAMPS
};

/* --lines is the older name of --tail. */
static const args_option output_options[] = {
    {"--stream", ARGS_VALUE, OPT_STREAM}, {"--tail", ARGS_VALUE, OPT_TAIL},
    {"--lines", ARGS_VALUE, OPT_TAIL},    {"--bytes", ARGS_VALUE, OPT_BYTES},
    {"--offset", ARGS_VALUE, OPT_OFFSET}, {"--frames", ARGS_VALUE, OPT_FRAMES},
    {"--since", ARGS_VALUE, OPT_SINCE},   {"--timestamps", ARGS_FLAG, OPT_TIMESTAMPS},
    {"-t", ARGS_FLAG, OPT_TIMESTAMPS},    {"--follow", ARGS_FLAG, OPT_FOLLOW},
    {"-f", ARGS_FLAG, OPT_FOLLOW},        {NULL, ARGS_FLAG, 0},
};

static int take_stream(const cli_options *cli, output_request *request, const char *value)
{
    bool both = strcmp(value, "both") == 0;

    request->shown[TETHER_STDOUT] = both || strcmp(value, "stdout") == 0;
    request->shown[TETHER_STDERR] = both || strcmp(value, "stderr") == 0;
    if (request->shown[TETHER_STDOUT] || request->shown[TETHER_STDERR])
        return 0;
    return print_failure(cli, TETHER_EINVAL, "read arguments",
                         "--stream %.80s is unknown: give stdout, stderr or both", value);
}

static int take_tail(const cli_options *cli, output_request *request, const char *value)
{
    uint64_t bytes;

    if (count_parse(value, &request->lines))
        return 0;
    return print_failure(cli, TETHER_EINVAL, "read arguments",
                         "--tail %.80s is not a number of lines: give a number such as 20%s", value,
                         size_parse(value, &bytes) ? "; --bytes takes a size" : "");
}

static int take_size(const cli_options *cli, const char *option, const char *value, uint64_t *size)
{
    if (size_parse(value, size))
        return 0;
    return print_failure(cli, TETHER_EINVAL, "read arguments", "%s %.80s is not a size: give %s",
                         option, value, SIZE_FORMS);
}

static int take_frames(const cli_options *cli, output_request *request, const char *value)
{
    request->last_frames = strcmp(value, "last") == 0;
    if (request->last_frames || strcmp(value, "all") == 0)
        return 0;
    return print_failure(cli, TETHER_EINVAL, "read arguments",
                         "--frames %.80s is unknown: give last or all", value);
}

static int take_since(const cli_options *cli, output_request *request, const char *value)
{
    int64_t ago;

    if (!duration_parse(value, &ago))
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--since %.80s is not a duration: give " DURATION_FORMS, value);
    request->since = moment_wall_ms() - ago;
    request->since = request->since > 0 ? request->since : 1;
    return 0;
}

static int take_option(const cli_options *cli, output_request *request, int id, const char *value)
{
    switch (id) {
    case OPT_STREAM:
        return take_stream(cli, request, value);
    case OPT_TAIL:
        return take_tail(cli, request, value);
    case OPT_BYTES:
        return take_size(cli, "--bytes", value, &request->bytes);
    case OPT_OFFSET:
        return take_size(cli, "--offset", value, &request->offset);
    case OPT_FRAMES:
        return take_frames(cli, request, value);
    case OPT_SINCE:
        return take_since(cli, request, value);
    case OPT_TIMESTAMPS:
        request->timestamps = true;
        return 0;
    default:
        request->follow = true;
        return 0;
    }
}

/* Checks the combination of options. */
static int check_request(const cli_options *cli, const output_request *request)
{
    if (request->task_id == NULL)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "output needs a task id; tether list --all shows them");
    if (request->timestamps && request->last_frames)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--timestamps excludes --frames last: leave one of them out");
    if (request->offset == UINT64_MAX)
        return 0;
    if (request->shown[TETHER_STDOUT] && request->shown[TETHER_STDERR])
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--offset applies to one stream: give --stream stdout or stderr");
    if (request->bytes != UINT64_MAX || request->lines != UINT64_MAX || request->since > 0)
        return print_failure(
            cli, TETHER_EINVAL, "read arguments",
            "--offset excludes --tail, --bytes and --since: leave one of them out");
    return 0;
}

int output_request_parse(const cli_options *cli, cli_args *args, output_request *request)
{
    args_result result;
    const char *value;
    int id;

    args->options = output_options;
    memset(request, 0, sizeof *request);
    request->shown[TETHER_STDOUT] = request->shown[TETHER_STDERR] = true;
    request->lines = request->bytes = request->offset = UINT64_MAX;
    while ((result = args_next(args, &id, &value)) == ARGS_OPTION || result == ARGS_OPERAND) {
        int code = 0;

        if (result == ARGS_OPTION)
            code = take_option(cli, request, id, value);
        else if (request->task_id != NULL)
            code = print_failure(
                cli, TETHER_EINVAL, "read arguments",
                "unexpected argument %.80s: output takes one task id; call it once for each",
                value);
        else
            request->task_id = value;
        if (code != 0)
            return code;
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    return check_request(cli, request);
}
