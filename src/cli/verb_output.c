/* Owns "tether output": how what was asked for is read and put together.
 * Must not: buffer more of the output than one chunk, however large it is.
 * Thread: the main one. */
#include "cli/verbs.h"

#include <inttypes.h>

#include "cli/dropped.h"
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
    "Shows the output of a task, byte for byte: both streams in the order in which\n"
    "the task wrote them, where a monitor has noted it, else standard output, then\n"
    "standard error.\n"
    "\n"
    "  --stream WHICH       stdout, stderr or both (default: both)\n"
    "  --tail N             only the last lines\n"
    "  --bytes SIZE         only the last bytes, such as 4096 or 64K; starts at a\n"
    "                       whole character\n"
    "  --since DUR          only what was written in the last DUR, such as 5m; of\n"
    "                       --tail, --bytes and --since, what shows least\n"
    "  -t, --timestamps     begin each line with the time by which it was written\n"
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

/* Tells that bytes are missing in front of a piece, unless it is the first of its stream that is
 * shown. Where offsets are printed, they tell. */
static void tell_gap(const showing *s, const output_piece *piece, const bool begun[2])
{
    uint64_t expected = s->from.offset[piece->stream];

    if (begun[piece->stream] && piece->offset > expected && !s->cli->json)
        dropped_tell(s->view.task_id, piece->stream, piece->offset - expected);
}

/* Prints the pieces of the selected streams. After a truncation, what the file has now was printed
 * up to the end of the piece, and the other pieces are no longer there. */
static follow_result copy_pieces(showing *s, const bool selected[2], tether_error *error)
{
    bool begun[2] = {false, false};
    size_t i;

    for (i = 0; i < s->view.count; i++) {
        const output_piece *piece = &s->view.pieces[i];
        uint64_t end = piece->offset + piece->size;
        uint64_t *offset = &s->from.offset[piece->stream];
        follow_result result;

        /* Where a piece was dropped meanwhile, what came after it was printed in its place. */
        if (!selected[piece->stream] || (begun[piece->stream] && *offset >= end))
            continue;
        tell_gap(s, piece, begun);
        if (s->request->last_frames && !s->cli->json && !begun[piece->stream])
            stream_begin_line(stream_stdout());
        if (!begun[piece->stream] || *offset < piece->offset)
            *offset = piece->offset;
        begun[piece->stream] = true;
        if (s->from.sink != NULL)
            s->from.sink->time = piece->time;
        result = follow_copy(&s->from, piece->stream, end, error);
        if (result != FOLLOW_ENDED)
            return result;
    }
    return FOLLOW_ENDED;
}

/* Prints one stream as a JSON string; null if it is not shown. */
static int print_text(showing *s, tether_stream stream)
{
    cli_stream *to = stream_stdout();
    bool selected[2] = {stream == TETHER_STDOUT, stream == TETHER_STDERR};
    tether_error error = {0};

    if (!s->request->shown[stream]) {
        stream_text(to, "null");
        return 0;
    }
    stream_text(to, "\"");
    if (copy_pieces(s, selected, &error) == FOLLOW_FAILED)
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
    uint64_t size[2], gap[2], missing[2];
    tether_error error = {0};
    int i;

    for (i = 0; i < 2; i++) {
        tether_stream stream = (tether_stream)i;

        size[i] = s->view.next[i];
        if ((!s->request->shown[i] && tether_output_size(s->view.registry, s->view.task_id, stream,
                                                         &size[i], &error) != 0) ||
            tether_output_gap(s->view.registry, s->view.task_id, stream, &gap[i], &missing[i],
                              &error) != 0)
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
    stream_format(to, ",\"stdout_size\":%" PRIu64 ",\"stderr_size\":%" PRIu64, size[0], size[1]);
    stream_format(to, ",\"stdout_dropped\":%" PRIu64 ",\"stderr_dropped\":%" PRIu64 "}\n",
                  missing[0], missing[1]);
    return 0;
}

static void end_sink(const showing *s)
{
    if (s->from.sink == NULL)
        return;
    output_sink_end(s->from.sink, TETHER_STDOUT);
    output_sink_end(s->from.sink, TETHER_STDERR);
}

/* Prints what there is now. Last frames are those of one stream after the other. */
static follow_result copy_present(showing *s, tether_error *error)
{
    follow_result result = FOLLOW_ENDED;
    int i;

    if (!s->request->last_frames) {
        result = copy_pieces(s, s->request->shown, error);
        end_sink(s);
        return result;
    }
    for (i = 0; i < 2 && result == FOLLOW_ENDED; i++) {
        bool selected[2] = {i == TETHER_STDOUT, i == TETHER_STDERR};

        result = copy_pieces(s, selected, error);
        output_sink_end(s->from.sink, (tether_stream)i);
    }
    return result;
}

/* Prints what there is and what comes until the task has ended. A follower knows no times of what
 * there is already. */
static follow_result copy_all(showing *s, tether_error *error)
{
    follow_result result = FOLLOW_ENDED;
    int i;

    if (s->request->timestamps) {
        result = copy_pieces(s, s->request->shown, error);
        for (i = 0; i < 2; i++)
            s->from.offset[i] = s->view.next[i];
    }
    if (result == FOLLOW_ENDED)
        result = follow_task(&s->from, -1, error);
    end_sink(s);
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

    follow_tell_rest(&s->from);
    if (result == FOLLOW_FAILED)
        return print_error(s->cli, &error);
    if (result != FOLLOW_ENDED)
        return print_flush(s->cli, NULL);
    return s->cli->json && s->request->follow ? print_end(s) : 0;
}

/* Starts at the requested offset. An offset past the end is no error: there is no output yet. */
static int start_at_offset(showing *s)
{
    tether_stream stream = s->request->shown[TETHER_STDOUT] ? TETHER_STDOUT : TETHER_STDERR;
    uint64_t left;

    if (!output_view_start_at(&s->view, s->request->offset, &left))
        return print_failure(
            s->cli, TETHER_EDROPPED, "read output",
            "the output limit has dropped the byte there; give a later --offset: the "
            "next one that is left has the offset %" PRIu64,
            left);
    s->from.offset[stream] = s->request->offset;
    return 0;
}

/* Stores where each stream begins. */
static void find_offsets(showing *s)
{
    size_t i;

    s->from.offset[0] = s->view.next[0];
    s->from.offset[1] = s->view.next[1];
    for (i = s->view.count; i-- > 0;)
        s->from.offset[s->view.pieces[i].stream] = s->view.pieces[i].offset;
}

static bool is_one_object(const showing *s)
{
    return s->cli->json && !s->request->follow && !s->request->timestamps;
}

/* Chooses the form of the output. The sink stays empty where bytes are printed unchanged. */
static void choose_form(showing *s)
{
    static output_sink sink;
    bool json = s->cli->json;

    if (!json && !s->request->last_frames && !s->request->timestamps)
        return;
    output_sink_init(&sink, s->view.task_id,
                     !json              ? OUTPUT_BYTES
                     : is_one_object(s) ? OUTPUT_TEXT
                                        : OUTPUT_OBJECTS,
                     s->request->last_frames);
    sink.timestamps = s->request->timestamps;
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
    if (!output_view_find(request, &s.view, &error)) {
        output_view_free(&s.view);
        return print_error(cli, &error);
    }
    find_offsets(&s);
    if (request->offset != UINT64_MAX)
        code = start_at_offset(&s);
    if (code == 0) {
        choose_form(&s);
        code = is_one_object(&s) ? print_object(&s) : print_bytes(&s);
    }
    output_view_free(&s.view);
    return code;
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
