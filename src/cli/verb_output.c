/* Owns "tether output": how what was asked for is read and put together.
 * Must not: buffer more of the output than one chunk, however large it is.
 * Thread: the main one. */
#include "cli/verbs.h"

#include <inttypes.h>

#include "cli/escape.h"
#include "cli/follow.h"
#include "cli/output_request.h"
#include "cli/output_sink.h"
#include "cli/output_view.h"
#include "cli/print.h"
#include "cli/resolve.h"
#include "cli/stream.h"

const char verb_output_help[] =
    "tether output ID [options]\n"
    "\n"
    "Shows the output of a task, byte for byte: standard output, then standard\n"
    "error.\n"
    "\n"
    "  --stream WHICH       stdout, stderr or both (default: both)\n"
    "  --tail N             only the last lines\n"
    "  --bytes SIZE         only the last bytes, such as 4096 or 64K; starts at a\n"
    "                       whole character; with --tail, whichever shows less\n"
    "  --offset SIZE        skip this many bytes of one stream, which --stream must\n"
    "                       select\n"
    "  --frames WHICH       last: of a line that was redrawn, such as a progress\n"
    "                       bar, only what is seen last; all (default)\n"
    "  -f, --follow         continue until the task has ended, in the order in which\n"
    "                       it writes; with --json one object for each piece\n";

/* What a call needs besides the request. The sink is NULL if bytes are printed unchanged. */
typedef struct showing {
    const cli_options *cli;
    const output_request *request;
    output_view view;
    cli_follow from;
} showing;

/* Prints one stream as a JSON string; null if it is not shown. */
static int print_text(showing *s, tether_stream stream)
{
    cli_stream *to = stream_stdout();
    tether_error error = {0};
    uint64_t end = s->view.first[stream] + s->view.size[stream];

    if (!s->request->shown[stream]) {
        stream_text(to, "null");
        return 0;
    }
    stream_text(to, "\"");
    if (follow_copy(&s->from, stream, end, &error) == FOLLOW_FAILED)
        return print_error(s->cli, &error);
    output_sink_end(s->from.sink, stream);
    stream_text(to, "\"");
    return 0;
}

/* Prints one object while reading the output. The sizes are those of the whole streams, even if
 * only a part is shown. */
static int print_object(showing *s)
{
    static const char *const names[2] = {",\"stdout\":", ",\"stderr\":"};
    cli_stream *to = stream_stdout();
    uint64_t size[2];
    tether_error error = {0};
    int i;

    for (i = 0; i < 2; i++) {
        size[i] = s->view.first[i] + s->view.size[i];
        if (!s->request->shown[i] && tether_output_size(s->view.registry, s->view.task_id,
                                                        (tether_stream)i, &size[i], &error) != 0)
            return print_error(s->cli, &error);
    }
    stream_text(to, "{\"task_id\":");
    escape_json_string(to, s->view.task_id);
    for (i = 0; i < 2; i++) {
        int code;

        stream_text(to, names[i]);
        code = print_text(s, (tether_stream)i);
        if (code != 0)
            return code;
    }
    stream_format(to, ",\"stdout_size\":%" PRIu64 ",\"stderr_size\":%" PRIu64 "}\n", size[0],
                  size[1]);
    return 0;
}

/* Prints what there is now. With last frames it is not byte for byte anyway, so that standard error
 * begins on a line of its own. */
static follow_result copy_present(showing *s, tether_error *error)
{
    follow_result result = FOLLOW_ENDED;
    int i;

    for (i = 0; i < 2 && result == FOLLOW_ENDED; i++) {
        tether_stream stream = (tether_stream)i;

        if (s->request->last_frames && s->view.size[i] > 0)
            stream_begin_line(stream_stdout());
        result = follow_copy(&s->from, stream, s->view.first[i] + s->view.size[i], error);
        if (s->from.sink != NULL)
            output_sink_end(s->from.sink, stream);
    }
    return result;
}

/* Prints what there is and what comes until the task has ended. */
static follow_result copy_all(showing *s, tether_error *error)
{
    follow_result result = follow_task(&s->from, -1, error);

    if (s->from.sink != NULL) {
        output_sink_end(s->from.sink, TETHER_STDOUT);
        output_sink_end(s->from.sink, TETHER_STDERR);
    }
    return result;
}

/* The last object of a stream: how the task has ended. */
static int print_end(const showing *s)
{
    tether_snapshot *snapshot;
    tether_error error = {0};
    int code;

    if (tether_status_get(s->view.registry, s->view.task_id, &snapshot, &error) != 0)
        return print_error(s->cli, &error);
    code = print_end_json(s->cli, snapshot);
    tether_snapshot_free(snapshot);
    return code;
}

static int print_bytes(showing *s)
{
    tether_error error = {0};
    follow_result result = s->request->follow ? copy_all(s, &error) : copy_present(s, &error);

    if (result == FOLLOW_FAILED)
        return print_error(s->cli, &error);
    if (result != FOLLOW_ENDED)
        return print_flush(s->cli, NULL);
    return s->cli->json ? print_end(s) : 0;
}

/* Starts at the requested offset. An offset past the end is no error: there is no output yet. */
static int start_at_offset(showing *s)
{
    tether_stream stream = s->request->shown[TETHER_STDOUT] ? TETHER_STDOUT : TETHER_STDERR;

    if (s->request->offset < s->view.first[stream])
        return print_failure(s->cli, TETHER_EDROPPED, "read output",
                             "the output limit has dropped the first %" PRIu64
                             " %s of this stream: give this offset or a larger one",
                             s->view.first[stream], s->view.first[stream] == 1 ? "byte" : "bytes");
    s->from.offset[stream] = s->request->offset;
    return 0;
}

/* Chooses the form of the output. The sink stays empty where bytes are printed unchanged. */
static void choose_form(showing *s)
{
    static output_sink sink;
    bool json = s->cli->json;

    if (!json && !s->request->last_frames)
        return;
    output_sink_init(&sink, s->view.task_id,
                     !json                ? OUTPUT_BYTES
                     : s->request->follow ? OUTPUT_OBJECTS
                                          : OUTPUT_TEXT,
                     s->request->last_frames);
    s->from.sink = &sink;
}

static int show(const cli_options *cli, tether_registry *registry, const output_request *request)
{
    showing s = {.cli = cli,
                 .request = request,
                 .view = {.registry = registry, .task_id = request->task_id},
                 .from = {.registry = registry, .task_id = request->task_id}};
    tether_error error = {0};
    int code = 0;
    int i;

    for (i = 0; i < 2; i++)
        s.from.to[i] = request->shown[i] ? stream_stdout() : NULL;
    if (!output_view_find(request, &s.view, s.from.offset, &error))
        return print_error(cli, &error);
    if (request->offset != UINT64_MAX)
        code = start_at_offset(&s);
    if (code != 0)
        return code;
    choose_form(&s);
    return cli->json && !request->follow ? print_object(&s) : print_bytes(&s);
}

int verb_output(cli_options *cli, cli_args *args)
{
    output_request request;
    tether_registry *registry;
    char task_id[TETHER_ID_SIZE];
    int code = output_request_parse(cli, args, &request);

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
