/* Owns "tether output": which bytes of a task's output it prints, and in which form.
 * Must not: buffer more of the output than one chunk, however large it is.
 * Thread: the main one. */
#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/duration.h"
#include "cli/follow.h"
#include "cli/print.h"
#include "cli/resolve.h"
#include "cli/stream.h"
#include "cli/escape.h"

#define CHUNK_BYTES (64 * 1024)

const char verb_output_help[] =
    "tether output ID [options]\n"
    "\n"
    "Shows the output of a task, byte for byte: standard output, then standard error.\n"
    "\n"
    "  --stream WHICH       stdout, stderr or both (default: both)\n"
    "  --tail SIZE          only the last bytes, such as 4096 or 64K; starts at a whole character\n"
    "  --lines N            only the last lines; with --tail, whichever shows less\n"
    "  --offset SIZE        skip this many bytes of one stream, which --stream must select\n"
    "  -f, --follow         continue until the task has ended, in the order in which it writes\n";

enum { OPT_STREAM = 1, OPT_TAIL, OPT_LINES, OPT_OFFSET, OPT_FOLLOW };

static const args_option output_options[] = {
    {"--stream", ARGS_VALUE, OPT_STREAM},
    {"--tail", ARGS_VALUE, OPT_TAIL},
    {"--lines", ARGS_VALUE, OPT_LINES},
    {"--offset", ARGS_VALUE, OPT_OFFSET},
    {"--follow", ARGS_FLAG, OPT_FOLLOW},
    {"-f", ARGS_FLAG, OPT_FOLLOW},
    {NULL, ARGS_FLAG, 0},
};

typedef struct output_request {
    const char *task_id;
    bool shown[2];   /* indexed by tether_stream */
    uint64_t tail;   /* UINT64_MAX: all */
    uint64_t lines;  /* UINT64_MAX: all */
    uint64_t offset; /* in the only shown stream; UINT64_MAX: not given */
    bool follow;
} output_request;

/* The output at one moment, as one sequence of bytes: standard output, then standard error. A
 * stream that is not shown has size 0. */
typedef struct output_view {
    tether_registry *registry;
    const char *task_id;
    uint64_t first[2]; /* offset of the first byte that the output limit has not dropped */
    uint64_t size[2];  /* bytes from there to the end */
} output_view;

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

static int take_option(const cli_options *cli, output_request *request, int id, const char *value)
{
    switch (id) {
    case OPT_STREAM:
        return take_stream(cli, request, value);
    case OPT_TAIL:
        if (size_parse(value, &request->tail))
            return 0;
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--tail %.80s is not a size: give %s", value, SIZE_FORMS);
    case OPT_LINES:
        if (count_parse(value, &request->lines))
            return 0;
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--lines %.80s is not a number of lines: give a number such as 20",
                             value);
    case OPT_OFFSET:
        if (size_parse(value, &request->offset))
            return 0;
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--offset %.80s is not a size: give %s", value, SIZE_FORMS);
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
    if (request->follow && cli->json)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--follow and --json exclude each other: leave one of them out");
    if (request->offset == UINT64_MAX)
        return 0;
    if (request->shown[TETHER_STDOUT] && request->shown[TETHER_STDERR])
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--offset applies to one stream: give --stream stdout or stderr");
    if (request->tail != UINT64_MAX || request->lines != UINT64_MAX)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--offset excludes --tail and --lines: leave one of them out");
    return 0;
}

static int parse(const cli_options *cli, cli_args *args, output_request *request)
{
    args_result result;
    const char *value;
    int id;

    while ((result = args_next(args, &id, &value)) == ARGS_OPTION || result == ARGS_OPERAND) {
        int code = 0;

        if (result == ARGS_OPTION)
            code = take_option(cli, request, id, value);
        else if (request->task_id != NULL)
            code = print_failure(cli, TETHER_EINVAL, "read arguments",
                                 "unexpected argument %.80s: output takes one task id", value);
        else
            request->task_id = value;
        if (code != 0)
            return code;
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    return check_request(cli, request);
}

/* Reads [from, from + size) of the view. Returns false and sets *error on failure. A file that ends
 * before its view was truncated by another program, since tether only appends: an error. */
static bool view_read(const output_view *view, uint64_t from, char *buffer, size_t size,
                      tether_error *error)
{
    size_t done = 0;

    while (done < size) {
        uint64_t at = from + done;
        bool first = at < view->size[0];
        tether_stream stream = first ? TETHER_STDOUT : TETHER_STDERR;
        uint64_t place = first ? at : at - view->size[0];
        uint64_t left = view->size[stream] - place;
        size_t want = left < size - done ? (size_t)left : size - done;
        size_t got;

        if (tether_output_read(view->registry, view->task_id, stream, view->first[stream] + place,
                               buffer + done, want, &got, error) != 0)
            return false;
        if (got == 0) {
            error->code = TETHER_EIO;
            error->os_error = 0;
            snprintf(error->step, sizeof error->step, "read output");
            snprintf(error->message, sizeof error->message,
                     "the output of task %s became shorter while it was read, because another "
                     "program changed the store's files; run the command again",
                     view->task_id);
            return false;
        }
        done += got;
    }
    return true;
}

/* Finds the start of the last lines. The newline at the very end does not start another line. Reads
 * backwards, so the time does not depend on the size of the output before them. */
static bool find_lines(const output_view *view, uint64_t lines, uint64_t *start,
                       tether_error *error)
{
    static char chunk[CHUNK_BYTES];
    uint64_t total = view->size[0] + view->size[1];
    uint64_t from = total;
    uint64_t ends = 0;

    *start = total;
    while (lines > 0 && from > 0) {
        size_t size = from < sizeof chunk ? (size_t)from : sizeof chunk;

        from -= size;
        if (!view_read(view, from, chunk, size, error))
            return false;
        while (size-- > 0) {
            if (chunk[size] != '\n' || from + size == total - 1)
                continue;
            if (++ends == lines) {
                *start = from + size + 1;
                return true;
            }
        }
        *start = from;
    }
    return true;
}

/* Counts the bytes at a place that continue a UTF-8 character which began before it: 0 to 3, by the
 * same rule as the library's tail. The count is 0 at the start of a stream, and if the bytes are
 * not UTF-8. */
static bool count_cut_bytes(const output_view *view, uint64_t place, uint64_t *count,
                            tether_error *error)
{
    bool second = place >= view->size[0];
    tether_stream stream = second ? TETHER_STDERR : TETHER_STDOUT;
    uint64_t begin = second ? view->size[0] : 0;
    uint64_t left = begin + view->size[stream] - place;
    size_t size = left < 4 ? (size_t)left : 4;
    size_t skip = 0;
    char bytes[4];

    *count = 0;
    if (size == 0 || (place == begin && view->first[stream] == 0))
        return true;
    if (!view_read(view, place, bytes, size, error))
        return false;
    while (skip < size && ((unsigned char)bytes[skip] & 0xc0) == 0x80)
        skip++;
    *count = skip < 4 ? skip : 0;
    return true;
}

/* Finds where --tail and --lines start in the view. */
static bool find_start(const output_view *view, const output_request *request, uint64_t *start,
                       tether_error *error)
{
    uint64_t total = view->size[0] + view->size[1];
    uint64_t by_tail = request->tail < total ? total - request->tail : 0;
    uint64_t cut;

    *start = 0;
    if (request->lines != UINT64_MAX && !find_lines(view, request->lines, start, error))
        return false;
    if (request->tail == UINT64_MAX || by_tail < *start)
        return true;
    if (!count_cut_bytes(view, by_tail, &cut, error))
        return false;
    *start = by_tail + cut;
    return true;
}

static bool measure(const output_request *request, output_view *view, tether_error *error)
{
    int i;

    for (i = 0; i < 2; i++) {
        tether_stream stream = (tether_stream)i;
        uint64_t end;

        view->first[i] = 0;
        view->size[i] = 0;
        if (!request->shown[i])
            continue;
        /* Read the dropped count before the size: if the output limit trims the file in between,
         * reading the dropped bytes fails with TETHER_EDROPPED. */
        if (tether_output_dropped(view->registry, view->task_id, stream, &view->first[i], error) !=
                0 ||
            tether_output_size(view->registry, view->task_id, stream, &end, error) != 0)
            return false;
        view->size[i] = end - view->first[i];
    }
    return true;
}

static int print_stream_json(const cli_options *cli, cli_follow *from, tether_stream stream,
                             uint64_t end)
{
    static char chunk[CHUNK_BYTES];
    escape_state json = {{0}, 0};
    uint64_t *offset = &from->offset[stream];
    tether_error error = {0};

    stream_text(stream_stdout(), "\"");
    while (*offset < end) {
        size_t want = end - *offset < sizeof chunk ? (size_t)(end - *offset) : sizeof chunk;
        size_t got;

        int code = tether_output_read(from->registry, from->task_id, stream, *offset, chunk, want,
                                      &got, &error);

        if (code == TETHER_EDROPPED)
            code = tether_output_dropped(from->registry, from->task_id, stream, offset, &error);
        else if (code == 0 && got == 0)
            break;
        if (code != 0)
            return print_error(cli, &error);
        escape_json_part(stream_stdout(), &json, chunk, got);
        *offset += got;
    }
    escape_json_end(stream_stdout(), &json);
    stream_text(stream_stdout(), "\"");
    return 0;
}

/* Prints one object while reading the output. A stream that is not shown is null. */
static int print_json(const cli_options *cli, const output_request *request,
                      const output_view *view, cli_follow *from)
{
    static const char *const names[2] = {",\"stdout\":", ",\"stderr\":"};
    cli_stream *to = stream_stdout();
    uint64_t size[2];
    tether_error error = {0};
    int i;

    /* The sizes are those of the whole streams, even if only a part is shown. */
    for (i = 0; i < 2; i++) {
        size[i] = view->first[i] + view->size[i];
        if (!request->shown[i] && tether_output_size(view->registry, view->task_id,
                                                     (tether_stream)i, &size[i], &error) != 0)
            return print_error(cli, &error);
    }
    stream_text(to, "{\"task_id\":");
    escape_json_string(to, view->task_id);
    for (i = 0; i < 2; i++) {
        int code = 0;

        stream_text(to, names[i]);
        if (request->shown[i])
            code = print_stream_json(cli, from, (tether_stream)i, view->first[i] + view->size[i]);
        else
            stream_text(to, "null");
        if (code != 0)
            return code;
    }
    stream_format(to, ",\"stdout_size\":%" PRIu64 ",\"stderr_size\":%" PRIu64 "}\n", size[0],
                  size[1]);
    return 0;
}

static int print_bytes(const cli_options *cli, const output_request *request,
                       const output_view *view, cli_follow *from)
{
    tether_error error = {0};
    follow_result result = FOLLOW_ENDED;
    int i;

    if (request->follow) {
        result = follow_task(from, -1, &error);
    } else {
        for (i = 0; i < 2 && result == FOLLOW_ENDED; i++)
            result = follow_copy(from, (tether_stream)i, view->first[i] + view->size[i], &error);
    }
    if (result == FOLLOW_FAILED)
        return print_error(cli, &error);
    return result == FOLLOW_ENDED ? 0 : print_flush(cli, NULL);
}

/* Starts at the requested offset. An offset past the end is no error: there is no output yet. */
static int start_at_offset(const cli_options *cli, const output_request *request,
                           const output_view *view, cli_follow *from)
{
    tether_stream stream = request->shown[TETHER_STDOUT] ? TETHER_STDOUT : TETHER_STDERR;

    if (request->offset < view->first[stream])
        return print_failure(cli, TETHER_EDROPPED, "read output",
                             "the output limit has dropped the first %" PRIu64
                             " bytes of this stream: give this offset or a larger one",
                             view->first[stream]);
    from->offset[stream] = request->offset;
    return 0;
}

static int show(const cli_options *cli, tether_registry *registry, const output_request *request)
{
    output_view view = {registry, request->task_id, {0, 0}, {0, 0}};
    cli_follow from = {registry, request->task_id, {NULL, NULL}, {0, 0}};
    tether_error error = {0};
    uint64_t start;
    bool found = false;
    int code = 0;
    int i;

    for (i = 0; i < 2; i++)
        from.to[i] = request->shown[i] ? stream_stdout() : NULL;
    /* Retry if the output limit has trimmed the output in between. That happens only once. */
    for (i = 0; i < 2 && !found; i++) {
        found = measure(request, &view, &error) && find_start(&view, request, &start, &error);
        if (!found && error.code != TETHER_EDROPPED)
            break;
    }
    if (!found)
        return print_error(cli, &error);
    from.offset[0] = start < view.size[0] ? start : view.size[0];
    from.offset[1] = start - from.offset[0];
    from.offset[0] += view.first[0];
    from.offset[1] += view.first[1];
    if (request->offset != UINT64_MAX)
        code = start_at_offset(cli, request, &view, &from);
    if (code != 0)
        return code;
    if (cli->json)
        return print_json(cli, request, &view, &from);
    return print_bytes(cli, request, &view, &from);
}

int verb_output(cli_options *cli, cli_args *args)
{
    output_request request = {NULL, {true, true}, UINT64_MAX, UINT64_MAX, UINT64_MAX, false};
    tether_registry *registry;
    char task_id[TETHER_ID_SIZE];
    int code;

    args->options = output_options;
    code = parse(cli, args, &request);
    if (code == 0)
        code = session_open(cli, &registry);
    if (code != 0)
        return code;
    code = resolve_one(cli, registry, request.task_id, NULL, task_id);
    request.task_id = task_id;
    if (code == 0)
        code = show(cli, registry, &request);
    return session_close(cli, registry, code);
}
