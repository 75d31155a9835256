/* Owns: "tether watch" while it runs: the matches as they are told, and the wait for their end.
 * Must not: hold more of the output than one match and one chunk.
 * Runs on: the main thread, which only waits while the registry's thread for events prints. */
#include "cli/watching.h"

#include <inttypes.h>
#include <string.h>

#include <uv.h>

#include "cli/escape.h"
#include "cli/moment.h"
#include "cli/print.h"
#include "cli/stream.h"

/* A condition waits no longer at a time: libuv adds the time to its clock. */
#define WAIT_MAX_NS ((uint64_t)3600 * 1000 * 1000 * 1000)

enum { NOTHING_MATCHED = 1 };

typedef enum watch_state {
    WATCH_GOES_ON,
    WATCH_ENDED,    /* all was searched, or it matched and was asked for once */
    WATCH_BROKEN,   /* error says why */
    WATCH_UNWRITTEN /* standard output failed */
} watch_state;

/* The end of the last line of a stream that was printed, as far as it is known: a very long line
 * may go on after it. */
typedef struct shown_line {
    bool any;
    uint64_t end;
} shown_line;

typedef struct watching {
    const cli_options *cli;
    const watch_request *request;
    tether_registry *registry;
    uv_mutex_t lock; /* guards the rest, and standard output */
    uv_cond_t changed;
    watch_state state;
    int watch; /* -1: not added yet */
    bool over; /* nothing is printed any more */
    bool matched;
    shown_line shown[2]; /* by tether_stream */
    tether_error error;
} watching;

/* Whether a line ends in [from, to) of a stream. What cannot be read any more (the output limit
 * dropped it) counts as the end of one. */
static bool line_ends_in(const watching *w, tether_stream stream, uint64_t from, uint64_t to)
{
    char chunk[4096];

    while (from < to) {
        size_t want = to - from < sizeof chunk ? (size_t)(to - from) : sizeof chunk;
        size_t got;

        if (tether_output_read(w->registry, w->request->task_id, stream, from, chunk, want, &got,
                               NULL) != 0 ||
            got == 0 || memchr(chunk, '\n', got) != NULL)
            return true;
        from += got;
    }
    return false;
}

static size_t context_size(const tether_match *match)
{
    size_t size = match->context_size;

    return size > 0 && match->context[size - 1] == '\n' ? size - 1 : size;
}

/* Whether a match is in the line that was printed last: matches of a stream come in their order.
 * The context begins in the middle of a very long line, so that its offset alone does not tell. */
static bool is_shown(watching *w, const tether_match *match)
{
    shown_line *shown = &w->shown[match->stream];
    uint64_t end = match->context_offset + context_size(match);
    bool same = shown->any && (match->offset <= shown->end ||
                               !line_ends_in(w, match->stream, shown->end, match->offset));

    if (!same || end > shown->end)
        shown->end = end;
    shown->any = true;
    return same;
}

/* The bytes as they are for programs; nothing harmful for a terminal. */
static void print_line(const tether_match *match)
{
    cli_stream *to = stream_stdout();
    size_t size = context_size(match);

    if (stream_is_terminal(to)) {
        if (size > 0 && match->context[size - 1] == '\r')
            size--;
        escape_terminal_bytes(to, match->context, size);
    } else {
        stream_write(to, match->context, size);
    }
    stream_text(to, "\n");
}

static void print_json(const char *task_id, const tether_match *match)
{
    cli_stream *to = stream_stdout();

    stream_text(to, "{\"task_id\":");
    escape_json_string(to, task_id);
    stream_format(to, ",\"stream\":\"%s\",\"offset\":%" PRIu64 ",\"match\":",
                  match->stream == TETHER_STDERR ? "stderr" : "stdout", match->offset);
    escape_json_bytes(to, match->text, match->text_size);
    stream_format(to, ",\"match_size\":%" PRIu64 ",\"context\":", match->match_size);
    escape_json_bytes(to, match->context, match->context_size);
    stream_format(to, ",\"context_offset\":%" PRIu64 "}\n", match->context_offset);
}

static void take_match(watching *w, const tether_match *match)
{
    w->matched = true;
    if (w->cli->json)
        print_json(w->request->task_id, match);
    else if (!is_shown(w, match))
        print_line(match);
    if (!stream_flush(stream_stdout()))
        w->state = WATCH_UNWRITTEN;
}

static void take_end(watching *w, const tether_error *error)
{
    w->state = WATCH_ENDED;
    if (error == NULL || error->code == 0)
        return;
    w->state = WATCH_BROKEN;
    w->error = *error;
}

/* On the registry's thread for events. The registry may have other watches, which other hosts left
 * behind. */
static void on_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    watching *w = userdata;

    (void)registry;
    if (event->kind != TETHER_EVENT_MATCH && event->kind != TETHER_EVENT_WATCH_END)
        return;
    uv_mutex_lock(&w->lock);
    if (!w->over && w->state == WATCH_GOES_ON && event->watch == w->watch &&
        strcmp(event->task_id, w->request->task_id) == 0) {
        if (event->kind == TETHER_EVENT_MATCH)
            take_match(w, event->match);
        else
            take_end(w, event->error);
        if (w->state != WATCH_GOES_ON)
            uv_cond_signal(&w->changed);
    }
    uv_mutex_unlock(&w->lock);
}

/* Adds the watch and waits for its end, or for the end of the time. The lock keeps events away
 * until the watch's number is known. */
static int wait_for_end(watching *w)
{
    uint64_t until = moment_after(w->request->timeout_ms);
    int code;

    uv_mutex_lock(&w->lock);
    code =
        tether_watch_add(w->registry, w->request->task_id, &w->request->spec, &w->watch, &w->error);
    while (code == 0 && w->state == WATCH_GOES_ON) {
        uint64_t left = moment_left_ns(until);

        if (left == 0)
            break;
        uv_cond_timedwait(&w->changed, &w->lock, left < WAIT_MAX_NS ? left : WAIT_MAX_NS);
    }
    if (code != 0)
        w->state = WATCH_BROKEN;
    w->over = true;
    uv_mutex_unlock(&w->lock);
    return code;
}

/* After the registry was closed: the streams are this thread's again. */
static int report(watching *w)
{
    switch (w->state) {
    case WATCH_ENDED:
        return w->matched ? 0 : NOTHING_MATCHED;
    case WATCH_BROKEN:
        return print_error(w->cli, &w->error);
    case WATCH_UNWRITTEN:
        return print_flush(w->cli, NULL);
    default:
        return print_failure(w->cli, TETHER_ETIMEDOUT, "watch the output",
                             "the time was over before task %s ended; tether output %s shows what "
                             "it wrote, and a longer --timeout waits for more",
                             w->request->task_id, w->request->task_id);
    }
}

static int run_with_lock(watching *w)
{
    tether_open_options options = {.leave_watches = 1};
    int code, closed;

    options.on_event = on_event;
    options.userdata = w;
    options.reminder_ms = TETHER_NO_REMINDER;
    code = session_open_with(w->cli, &options, &w->registry);
    if (code != 0)
        return code;
    wait_for_end(w);
    closed = session_close(w->cli, w->registry, 0);
    code = report(w);
    return closed != 0 && code <= NOTHING_MATCHED ? closed : code;
}

int watching_run(const cli_options *cli, const watch_request *request)
{
    watching w = {0};
    int code;

    w.cli = cli;
    w.request = request;
    w.watch = -1;
    if (uv_mutex_init(&w.lock) != 0)
        return print_no_memory(cli);
    if (uv_cond_init(&w.changed) != 0) {
        uv_mutex_destroy(&w.lock);
        return print_no_memory(cli);
    }
    code = run_with_lock(&w);
    uv_cond_destroy(&w.changed);
    uv_mutex_destroy(&w.lock);
    return code;
}
