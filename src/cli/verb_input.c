/* Owns "tether input".
 * Must not: write to a task itself; the library asks its monitor.
 * Thread: the main one. */
#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "cli/duration.h"
#include "cli/escape.h"
#include "cli/print.h"
#include "cli/resolve.h"

const char verb_input_help[] =
    "tether input ID [options] [TEXT | -]\n"
    "\n"
    "Writes TEXT and a newline, or with - what this command reads until its end, to\n"
    "the standard input of a running task that was started with --stdin pipe. Waits\n"
    "while the task does not read. Standard input stays open for the next call.\n"
    "\n"
    "  -n, --no-newline     write TEXT without a newline behind it\n"
    "  --close              then close standard input: the task reads the end\n"
    "  --offset SIZE        TEXT begins at this byte of all that was written to the\n"
    "                       task: what it has taken before is not written again, so\n"
    "                       the call can be repeated\n"
    "  --timeout DUR        wait at most this long, then exit with 124\n";

enum { OPT_BARE = 1, OPT_CLOSE, OPT_OFFSET, OPT_TIMEOUT, CHUNK_SIZE = 64 * 1024, RETRY_MS = 10 };

static const args_option input_options[] = {
    {"--no-newline", ARGS_FLAG, OPT_BARE},  {"-n", ARGS_FLAG, OPT_BARE},
    {"--close", ARGS_FLAG, OPT_CLOSE},      {"--offset", ARGS_VALUE, OPT_OFFSET},
    {"--timeout", ARGS_VALUE, OPT_TIMEOUT}, {NULL, ARGS_FLAG, 0},
};

typedef struct input_request {
    const char *id;
    const char *text; /* NULL: nothing to write */
    bool bare;
    char task_id[TETHER_ID_SIZE];
    tether_input_options options;
    int64_t deadline_ms; /* by uv_hrtime; -1: none */
    uint64_t written, taken;
} input_request;

/* --- Arguments --- */

static int take_option(const cli_options *cli, input_request *request, int id, const char *value)
{
    switch (id) {
    case OPT_BARE:
        request->bare = true;
        return 0;
    case OPT_CLOSE:
        request->options.close = true;
        return 0;
    case OPT_OFFSET:
        request->options.at_offset = true;
        if (size_parse(value, &request->options.offset))
            return 0;
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--offset %.80s is not a size: give %s", value, SIZE_FORMS);
    default:
        if (duration_parse(value, &request->options.timeout_ms))
            return 0;
        return print_bad_duration(cli, "--timeout", value);
    }
}

static int take_operand(const cli_options *cli, input_request *request, const char *value)
{
    if (request->id == NULL)
        request->id = value;
    else if (request->text == NULL)
        request->text = value;
    else
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "unexpected argument %.80s: input takes one task id and one text; "
                             "quote a text that contains blanks",
                             value);
    return 0;
}

static int parse(const cli_options *cli, cli_args *args, input_request *request)
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
    if (request->id == NULL || (request->text == NULL && !request->options.close))
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "input needs a task id and a text, - for standard input, or --close; "
                             "tether list shows the task ids");
    return 0;
}

/* --- Writing --- */

static int64_t now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

/* Writes a piece; the last one also closes, if that is wanted. */
static int put(const cli_options *cli, tether_registry *registry, input_request *request,
               const char *data, size_t size, bool last)
{
    tether_input_options options = request->options;
    tether_error error = {0};
    size_t written = 0;
    uint64_t taken;

    options.close = options.close && last;
    options.offset += request->written;
    if (request->deadline_ms >= 0) {
        int64_t left = request->deadline_ms - now_ms();

        options.timeout_ms = left > 0 ? left : 0;
    }
    int code =
        tether_input(registry, request->task_id, data, size, &options, &written, &taken, &error);
    request->written += written;
    if (code == TETHER_OK)
        request->taken = taken;
    if (code == TETHER_OK || request->written == written)
        return code == TETHER_OK ? 0 : print_error(cli, &error);
    /* The library counts within this piece. */
    return print_failure(cli, code, error.step,
                         "%.300s; of all that was read, %" PRIu64 " bytes were written",
                         error.message, request->written);
}

/* Each piece goes to the task as soon as it was read. */
static int copy(const cli_options *cli, tether_registry *registry, input_request *request)
{
    static char bytes[CHUNK_SIZE];
    int code = 0, got = 1;

    while (code == 0 && got != 0) {
        uv_buf_t buffer = uv_buf_init(bytes, sizeof bytes);
        uv_fs_t read;

        got = uv_fs_read(NULL, &read, 0, &buffer, 1, -1, NULL);
        uv_fs_req_cleanup(&read);
        if (got == UV_EAGAIN || got == UV_EINTR)
            uv_sleep(RETRY_MS);
        else if (got < 0)
            code = print_failure(cli, TETHER_EIO, "read input",
                                 "standard input: %s; check where it comes from", uv_strerror(got));
        else if (got > 0 || request->options.close)
            code = put(cli, registry, request, bytes, (size_t)got, got == 0);
    }
    return code;
}

static int write_text(const cli_options *cli, tether_registry *registry, input_request *request)
{
    const char *text = request->text != NULL ? request->text : "";
    size_t size = strlen(text);
    char *line = malloc(size + 1);
    int code;

    if (line == NULL)
        return print_no_memory(cli);
    memcpy(line, text, size);
    if (request->text != NULL && !request->bare)
        line[size++] = '\n';
    code = put(cli, registry, request, line, size, true);
    free(line);
    return code;
}

static int print_json(const cli_options *cli, const input_request *request)
{
    cli_stream *to = stream_stdout();
    char numbers[80];

    stream_text(to, "{\"kind\":\"input\",\"task_id\":");
    escape_json_string(to, request->task_id);
    snprintf(numbers, sizeof numbers, ",\"written\":%" PRIu64 ",\"taken\":%" PRIu64 "}\n",
             request->written, request->taken);
    stream_text(to, numbers);
    return print_flush(cli, NULL);
}

static int input(const cli_options *cli, tether_registry *registry, input_request *request)
{
    int code = resolve_one(cli, registry, request->id, NULL, request->task_id);

    if (code == 0)
        code = request->text != NULL && strcmp(request->text, "-") == 0
                   ? copy(cli, registry, request)
                   : write_text(cli, registry, request);
    return code == 0 && cli->json ? print_json(cli, request) : code;
}

int verb_input(cli_options *cli, cli_args *args)
{
    input_request request = {.options = {.size = sizeof request.options, .timeout_ms = -1}};
    tether_registry *registry;
    int code;

    args->options = input_options;
    code = parse(cli, args, &request);
    request.deadline_ms =
        request.options.timeout_ms >= 0 ? now_ms() + request.options.timeout_ms : -1;
    if (code == 0)
        code = session_open(cli, &registry);
    return code == 0 ? session_close(cli, registry, input(cli, registry, &request)) : code;
}
