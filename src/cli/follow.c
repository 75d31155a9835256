/* Owns copying a task's output to the command's own streams while the task runs.
 * Must not: open files of the store itself, or buffer more of the output than one chunk.
 * Thread: the main one. */
#include "cli/follow.h"

#include <stdbool.h>

#include "cli/dropped.h"
#include "cli/moment.h"
#include "cli/reader.h"
#include "cli/truncated.h"

#define CHUNK_BYTES (64 * 1024)

/* How often something is looked for again that a fast writer drops at the same time. */
#define ATTEMPTS 100

/* What a fast writer drops is told this often at most. */
#define TELL_INTERVAL_MS 1000

#define NS_PER_MS ((uint64_t)1000 * 1000)

static void tell_truncated(const cli_follow *follow, tether_stream stream)
{
    if (follow->sink != NULL)
        output_sink_truncated(follow->sink, stream);
    else
        truncated_tell(follow->task_id, stream);
}

static void tell_now(cli_follow *follow, tether_stream stream)
{
    dropped_tell(follow->task_id, stream, follow->untold[stream]);
    follow->untold[stream] = 0;
}

/* Where objects are printed, their offsets tell. */
static void tell_dropped(cli_follow *follow, tether_stream stream, uint64_t bytes)
{
    if (follow->sink != NULL && follow->sink->form != OUTPUT_BYTES)
        return;
    follow->untold[stream] += bytes;
    if (moment_left_ns(follow->next_tell) > 0)
        return;
    tell_now(follow, stream);
    follow->next_tell = moment_after(TELL_INTERVAL_MS);
}

void follow_tell_rest(cli_follow *follow)
{
    int i;

    for (i = 0; i < 2; i++) {
        if (follow->untold[i] > 0)
            tell_now(follow, (tether_stream)i);
    }
}

/* Writes the bytes at the stream's offset. Returns false if writing has failed. */
static bool put(cli_follow *follow, tether_stream stream, const char *bytes, size_t size)
{
    if (follow->sink != NULL)
        output_sink_put(follow->sink, stream, follow->offset[stream], bytes, size);
    else
        stream_write(follow->to[stream], bytes, size);
    return stream_failed(follow->to[stream])->code == 0;
}

/* The file ends before the offset, or the output limit has trimmed it: finds where to go on. Sets
 * *end to the offset if there is nothing more to copy. */
static bool move_on(cli_follow *follow, tether_stream stream, uint64_t *end, tether_error *error)
{
    uint64_t *offset = &follow->offset[stream];
    uint64_t gap, dropped, size;

    if (tether_output_gap(follow->registry, follow->task_id, stream, &gap, &dropped, error) != 0 ||
        tether_output_size(follow->registry, follow->task_id, stream, &size, error) != 0)
        return false;
    if (*offset > size) {
        tell_truncated(follow, stream);
        *offset = gap == 0 ? dropped : 0;
        *end = size < *end ? size : *end;
    } else if (*offset >= gap && *offset < gap + dropped) {
        tell_dropped(follow, stream, gap + dropped - *offset);
        *offset = gap + dropped;
    } else if (*offset == size) {
        *end = *offset;
    }
    return true;
}

follow_result follow_copy(cli_follow *follow, tether_stream stream, uint64_t end,
                          tether_error *error)
{
    static char chunk[CHUNK_BYTES];
    uint64_t *offset = &follow->offset[stream];
    int attempts = 0;

    while (*offset < end) {
        size_t want = end - *offset < sizeof chunk ? (size_t)(end - *offset) : sizeof chunk;
        size_t got;

        int code = tether_output_read(follow->registry, follow->task_id, stream, *offset, chunk,
                                      want, &got, error);

        if (code == TETHER_EDROPPED || (code == 0 && got == 0)) {
            if (!move_on(follow, stream, &end, error))
                return FOLLOW_FAILED;
            /* All of it was dropped: what the stream ends with now takes its place. */
            if (code == TETHER_EDROPPED && *offset >= end && attempts++ < ATTEMPTS &&
                tether_output_size(follow->registry, follow->task_id, stream, &end, error) != 0)
                return FOLLOW_FAILED;
            continue;
        }
        if (code != 0)
            return FOLLOW_FAILED;
        if (!put(follow, stream, chunk, got))
            return FOLLOW_WRITE_FAILED;
        *offset += got;
    }
    return FOLLOW_ENDED;
}

/* Returns the milliseconds until a moment, -1 for no limit. Rounds up: a wait of 0 ms would spin
 * through the last millisecond. */
static int64_t time_left(uint64_t moment)
{
    uint64_t left_ns = moment_left_ns(moment);

    if (moment == MOMENT_NEVER)
        return -1;
    return (int64_t)((left_ns + NS_PER_MS - 1) / NS_PER_MS);
}

static bool check_ended(const cli_follow *follow, bool *ended, tether_error *error)
{
    tether_snapshot *snapshot;

    *ended = false;
    if (tether_status_get(follow->registry, follow->task_id, &snapshot, error) != 0)
        return false;
    *ended = tether_status_ended(snapshot->status);
    tether_snapshot_free(snapshot);
    return true;
}

/* How many truncations of each stream were told. */
typedef struct told {
    uint64_t count[2];
} told;

/* Called after each read, of `got` bytes of this stream: tells new truncations and what was
 * dropped, and moves the offset to where those bytes begin. */
static void note_place(cli_follow *follow, const tether_follower *from, tether_stream stream,
                       size_t got, told *seen)
{
    int i;

    for (i = 0; i < 2; i++) {
        uint64_t next, count;

        tether_follow_place(from, (tether_stream)i, &next, &count);
        if (count != seen->count[i])
            tell_truncated(follow, (tether_stream)i);
        next -= i == (int)stream ? got : 0;
        if (count == seen->count[i] && next > follow->offset[i] && follow->offset[i] > 0)
            tell_dropped(follow, (tether_stream)i, next - follow->offset[i]);
        seen->count[i] = count;
        follow->offset[i] = next;
    }
}

/* Copies what the follower reads. After the timeout, a task that still runs is left, even if it has
 * more output; the rest of an ended task is copied completely, however long that takes. */
static follow_result copy_all(cli_follow *follow, tether_follower *from, uint64_t until_ns,
                              tether_error *error)
{
    static char chunk[CHUNK_BYTES];
    told seen = {{0, 0}};

    for (;;) {
        int64_t left = time_left(until_ns);
        tether_stream stream;
        size_t got;
        int code = tether_follow_read(from, chunk, sizeof chunk, left, &stream, &got, error);

        if (code != 0)
            return code == TETHER_ETIMEDOUT ? FOLLOW_TIMED_OUT : FOLLOW_FAILED;
        note_place(follow, from, stream, got, &seen);
        if (got == 0)
            return FOLLOW_ENDED;
        if (follow->sink != NULL)
            follow->sink->time = moment_wall_ms();
        if (!put(follow, stream, chunk, got) || !stream_flush(follow->to[stream]))
            return FOLLOW_WRITE_FAILED;
        follow->offset[stream] += got;
        if (time_left(until_ns) == 0) {
            bool ended;

            if (!check_ended(follow, &ended, error))
                return FOLLOW_FAILED;
            if (!ended)
                return FOLLOW_TIMED_OUT;
            until_ns = MOMENT_NEVER;
        }
    }
}

/* Advances the offsets past what the output limit has dropped. */
static bool skip_dropped(cli_follow *follow, tether_error *error)
{
    int i;

    for (i = 0; i < 2; i++) {
        uint64_t gap, dropped;

        if (tether_output_gap(follow->registry, follow->task_id, (tether_stream)i, &gap, &dropped,
                              error) != 0)
            return false;
        if (follow->offset[i] >= gap && follow->offset[i] < gap + dropped)
            follow->offset[i] = gap + dropped;
    }
    return true;
}

follow_result follow_task(cli_follow *follow, int64_t timeout_ms, tether_error *error)
{
    uint64_t until_ns = moment_after(timeout_ms);
    tether_view view = follow->to[TETHER_STDERR] == NULL   ? TETHER_VIEW_STDOUT
                       : follow->to[TETHER_STDOUT] == NULL ? TETHER_VIEW_STDERR
                                                           : TETHER_VIEW_BOTH;
    bool from_start = follow->offset[0] == 0 && follow->offset[1] == 0;
    tether_follower *from;
    follow_result result;
    int code;
    int i;

    reader_watch(follow->registry, NULL, NULL);
    code = tether_follow_open(follow->registry, follow->task_id, view,
                              from_start ? NULL : follow->offset, &from, error);

    /* The output limit has dropped what is at the offsets, since these were chosen. */
    for (i = 0; code == TETHER_EDROPPED && i < ATTEMPTS && skip_dropped(follow, error); i++)
        code = tether_follow_open(follow->registry, follow->task_id, view, follow->offset, &from,
                                  error);
    if (code != 0)
        return FOLLOW_FAILED;
    result = copy_all(follow, from, until_ns, error);
    follow_tell_rest(follow);
    tether_follow_close(from);
    return result;
}
