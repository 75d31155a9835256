/* Owns "tether watch" while it runs: printing matches, and waiting for the end of the watch.
 * Must not: buffer more of the output than one match and one chunk.
 * Thread: the main one waits while the registry's event thread prints. */
#include "cli/watching.h"

#include <inttypes.h>
#include <string.h>

#include <uv.h>

#include "cli/escape.h"
#include "cli/moment.h"
#include "cli/print.h"
#include "cli/reader.h"
#include "cli/resolve.h"
#include "cli/stream.h"
#include "cli/stream_json.h"
#include "cli/truncated.h"

/* Longest single wait on the condition: libuv adds it to its clock, which must not overflow. */
#define WAIT_MAX_NS ((uint64_t)3600 * 1000 * 1000 * 1000)

enum { NOTHING_MATCHED = 1 };

typedef enum watch_state {
    WATCH_RUNNING,
    WATCH_ENDED,       /* all output was searched, or --once and it matched */
    WATCH_FAILED,      /* error says why */
    WATCH_WRITE_FAILED /* writing standard output failed */
} watch_state;

/* The line of a stream that was printed last. end is the offset of the end of its context: a very
 * long line may continue after it. */
typedef struct printed_line {
    bool any;
    uint64_t end;
} printed_line;

typedef struct watching {
    const cli_options *cli;
    const watch_request *request;
    watch_request resolved; /* the request with the id of the task; request points to it then */
    char task_id[TETHER_ID_SIZE];
    tether_registry *registry;
    uv_mutex_t lock; /* guards all members below, and standard output */
    uv_cond_t changed;
    watch_state state;
    int watch;   /* -1: not added yet */
    bool closed; /* ignore further events */
    bool matched;
    printed_line printed[2]; /* indexed by tether_stream */
    tether_error error;
} watching;

/* Returns true if there is a newline in [from, to) of a stream. If the output limit has dropped
 * those bytes, or reading fails, returns true. */
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

/* Returns true if the match is in the line that was printed last, and remembers its line. Matches
 * of a stream arrive in order. In a very long line the context starts in the middle, so comparing
 * the offsets of contexts is not enough. */
static bool is_printed(watching *w, const tether_match *match)
{
    printed_line *last = &w->printed[match->stream];
    uint64_t end = match->context_offset + context_size(match);
    bool same = last->any && (match->offset <= last->end ||
                              !line_ends_in(w, match->stream, last->end, match->offset));

    if (!same || end > last->end)
        last->end = end;
    last->any = true;
    return same;
}

/* Prints the line unchanged; on a terminal, with '?' for control characters. */
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

    stream_json_begin("match", task_id, match->stream);
    stream_format(to, ",\"offset\":%" PRIu64 ",\"match\":", match->offset);
    escape_json_bytes(to, match->text, match->text_size);
    stream_format(to, ",\"match_size\":%" PRIu64 ",\"context\":", match->match_size);
    escape_json_bytes(to, match->context, match->context_size);
    stream_format(to, ",\"context_offset\":%" PRIu64 "}\n", match->context_offset);
}

static void handle_match(watching *w, const tether_match *match)
{
    w->matched = true;
    if (w->cli->json)
        print_json(w->request->task_id, match);
    else if (!is_printed(w, match))
        print_line(match);
    if (!stream_flush(stream_stdout()))
        w->state = WATCH_WRITE_FAILED;
}

/* Offsets count from the start of the file again, and so do lines. */
static void handle_truncation(watching *w, tether_stream stream)
{
    w->printed[stream].any = false;
    if (w->cli->json)
        stream_json_truncated(w->request->task_id, stream);
    else
        truncated_tell(w->request->task_id, stream);
    if (!stream_flush(stream_stdout()))
        w->state = WATCH_WRITE_FAILED;
}

static void handle_end(watching *w, const tether_error *error)
{
    w->state = WATCH_ENDED;
    if (error == NULL || error->code == 0)
        return;
    w->state = WATCH_FAILED;
    w->error = *error;
}

/* Runs on the registry's event thread. Matches of other watches are not ours. */
static void on_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    watching *w = userdata;

    (void)registry;
    if (event->kind != TETHER_EVENT_MATCH && event->kind != TETHER_EVENT_WATCH_END &&
        event->kind != TETHER_EVENT_TRUNCATED)
        return;
    uv_mutex_lock(&w->lock);
    if (!w->closed && w->state == WATCH_RUNNING && event->watch == w->watch &&
        strcmp(event->task_id, w->request->task_id) == 0) {
        if (event->kind == TETHER_EVENT_MATCH)
            handle_match(w, event->match);
        else if (event->kind == TETHER_EVENT_TRUNCATED)
            handle_truncation(w, event->stream);
        else
            handle_end(w, event->error);
        if (w->state != WATCH_RUNNING)
            uv_cond_signal(&w->changed);
    }
    uv_mutex_unlock(&w->lock);
}

/* The reader of standard output is gone. */
static void wake_up(void *userdata)
{
    watching *w = userdata;

    uv_mutex_lock(&w->lock);
    uv_cond_signal(&w->changed);
    uv_mutex_unlock(&w->lock);
}

/* Adds the watch, then waits for its end or the timeout. Holding the lock delays events until the
 * number of the watch is known. */
static int wait_for_end(watching *w)
{
    uint64_t until = moment_after(w->request->timeout_ms);
    int code;

    uv_mutex_lock(&w->lock);
    code =
        tether_watch_add(w->registry, w->request->task_id, &w->request->spec, &w->watch, &w->error);
    while (code == 0 && w->state == WATCH_RUNNING && !reader_gone()) {
        uint64_t left = moment_left_ns(until);

        if (left == 0)
            break;
        uv_cond_timedwait(&w->changed, &w->lock, left < WAIT_MAX_NS ? left : WAIT_MAX_NS);
    }
    if (code != 0)
        w->state = WATCH_FAILED;
    w->closed = true;
    uv_mutex_unlock(&w->lock);
    return code;
}

/* Runs after the registry was closed, so only this thread uses the streams. */
static int report(watching *w)
{
    switch (w->state) {
    case WATCH_ENDED:
        return w->matched ? 0 : NOTHING_MATCHED;
    case WATCH_FAILED:
        return print_error(w->cli, &w->error);
    case WATCH_WRITE_FAILED:
        return print_flush(w->cli, NULL);
    default:
        return print_failure(w->cli, TETHER_ETIMEDOUT, "watch the output",
                             "the timeout passed before task %s ended; tether output %s shows its "
                             "output so far, and a longer --timeout watches for longer",
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
    code = resolve_one(w->cli, w->registry, w->request->task_id, NULL, w->task_id);
    if (code != 0)
        return session_close(w->cli, w->registry, code);
    w->resolved = *w->request;
    w->resolved.task_id = w->task_id;
    w->request = &w->resolved;
    reader_watch(w->registry, wake_up, w);
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
