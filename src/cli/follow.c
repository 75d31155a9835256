/* Owns: copying a task's output to our own streams while the task runs.
 * Must not: open a store's files itself, or hold more of the output than one chunk.
 * Runs on: the main thread. */
#include "cli/follow.h"

#include <stdbool.h>

#include <uv.h>

#define CHUNK_BYTES (64 * 1024)

#define NS_PER_MS ((uint64_t)1000 * 1000)

follow_result follow_copy(cli_follow *follow, tether_stream stream, uint64_t end,
                          tether_error *error)
{
    static char chunk[CHUNK_BYTES];
    uint64_t *offset = &follow->offset[stream];

    while (*offset < end) {
        size_t want = end - *offset < sizeof chunk ? (size_t)(end - *offset) : sizeof chunk;
        size_t got;

        int code = tether_output_read(follow->registry, follow->task_id, stream, *offset, chunk,
                                      want, &got, error);

        /* The output limit has cut it meanwhile: what was dropped is passed over. */
        if (code == TETHER_EDROPPED)
            code = tether_output_dropped(follow->registry, follow->task_id, stream, offset, error);
        else if (code == 0 && got == 0)
            break;
        if (code != 0)
            return FOLLOW_FAILED;
        stream_write(follow->to[stream], chunk, got);
        if (stream_failed(follow->to[stream])->code != 0)
            return FOLLOW_WRITE_FAILED;
        *offset += got;
    }
    return FOLLOW_ENDED;
}

/* Milliseconds up to a moment of uv_hrtime's clock, rounded up: a wait of 0 ms would only spin
 * through the last one. -1 for ever. */
static int64_t time_left(uint64_t until_ns)
{
    uint64_t now = uv_hrtime();

    if (until_ns == UINT64_MAX)
        return -1;
    return now < until_ns ? (int64_t)((until_ns - now + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

/* The moment at which a wait is over; UINT64_MAX: never, also for one past the clock's range. */
static uint64_t moment_after(int64_t timeout_ms)
{
    uint64_t now = uv_hrtime();

    if (timeout_ms < 0 || (uint64_t)timeout_ms > (UINT64_MAX - now) / NS_PER_MS - 1)
        return UINT64_MAX;
    return now + (uint64_t)timeout_ms * NS_PER_MS;
}

static bool look_whether_ended(const cli_follow *follow, bool *ended, tether_error *error)
{
    tether_snapshot *snapshot;

    *ended = false;
    if (tether_status_get(follow->registry, follow->task_id, &snapshot, error) != 0)
        return false;
    *ended = tether_status_ended(snapshot->status);
    tether_snapshot_free(snapshot);
    return true;
}

/* Copies what a follower reads. A task that writes on and on ends the wait all the same; the rest
 * of one that has ended is shown however long it takes. */
static follow_result copy_all(cli_follow *follow, tether_follower *from, uint64_t until_ns,
                              tether_error *error)
{
    static char chunk[CHUNK_BYTES];

    for (;;) {
        int64_t left = time_left(until_ns);
        tether_stream stream;
        size_t got;
        int code = tether_follow_read(from, chunk, sizeof chunk, left, &stream, &got, error);

        if (code != 0)
            return code == TETHER_ETIMEDOUT ? FOLLOW_WAIT_OVER : FOLLOW_FAILED;
        if (got == 0)
            return FOLLOW_ENDED;
        stream_write(follow->to[stream], chunk, got);
        if (!stream_flush(follow->to[stream]))
            return FOLLOW_WRITE_FAILED;
        follow->offset[stream] += got;
        if (time_left(until_ns) == 0) {
            bool ended;

            if (!look_whether_ended(follow, &ended, error))
                return FOLLOW_FAILED;
            if (!ended)
                return FOLLOW_WAIT_OVER;
            until_ns = UINT64_MAX;
        }
    }
}

/* Moves the offsets on to what is there. */
static bool pass_dropped(cli_follow *follow, tether_error *error)
{
    int i;

    for (i = 0; i < 2; i++) {
        uint64_t dropped;

        if (tether_output_dropped(follow->registry, follow->task_id, (tether_stream)i, &dropped,
                                  error) != 0)
            return false;
        if (follow->offset[i] < dropped)
            follow->offset[i] = dropped;
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

    int code = tether_follow_open(follow->registry, follow->task_id, view,
                                  from_start ? NULL : follow->offset, &from, error);

    /* The output limit has cut it since the place was chosen. It does so once. */
    if (code == TETHER_EDROPPED && pass_dropped(follow, error))
        code = tether_follow_open(follow->registry, follow->task_id, view, follow->offset, &from,
                                  error);
    if (code != 0)
        return FOLLOW_FAILED;
    result = copy_all(follow, from, until_ns, error);
    tether_follow_close(from);
    return result;
}
