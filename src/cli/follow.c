/* Owns: copying a task's output to our own streams while the task runs.
 * Must not: open a store's files itself, or hold more of the output than one chunk.
 * Runs on: the main thread. */
#include "follow.h"

#include <stdbool.h>

#include <uv.h>

#define CHUNK_BYTES (64 * 1024)

/* One round takes at most this much of a stream, so that a flood on one never starves the other. */
#define ROUND_BYTES ((uint64_t)1024 * 1024)

/* While output keeps coming, the task's state is looked at only so often: a look reads its record.
 */
#define LOOK_INTERVAL_NS ((uint64_t)100 * 1000 * 1000)

#define NS_PER_MS ((uint64_t)1000 * 1000)

follow_result follow_copy(cli_follow *follow, tether_stream stream, uint64_t end,
                          tether_error *error)
{
    static char chunk[CHUNK_BYTES];
    uint64_t *offset = &follow->offset[stream];

    while (*offset < end) {
        size_t want = end - *offset < sizeof chunk ? (size_t)(end - *offset) : sizeof chunk;
        size_t got;

        if (tether_output_read(follow->registry, follow->task_id, stream, *offset, chunk, want,
                               &got, error) != 0)
            return FOLLOW_FAILED;
        if (got == 0)
            break;
        stream_write(follow->to[stream], chunk, got);
        if (stream_failed(follow->to[stream])->code != 0)
            return FOLLOW_WRITE_FAILED;
        *offset += got;
    }
    return FOLLOW_ENDED;
}

/* One round over both streams; *moved tells whether there was anything. */
static follow_result copy_round(cli_follow *follow, bool *moved, tether_error *error)
{
    int i;

    *moved = false;
    for (i = 0; i < 2; i++) {
        uint64_t before = follow->offset[i];
        follow_result result;

        if (follow->to[i] == NULL)
            continue;
        result = follow_copy(follow, (tether_stream)i, before + ROUND_BYTES, error);
        if (result != FOLLOW_ENDED)
            return result;
        *moved = *moved || follow->offset[i] != before;
        if (!stream_flush(follow->to[i]))
            return FOLLOW_WRITE_FAILED;
    }
    return FOLLOW_ENDED;
}

/* What is left once the task has ended. Processes that it left behind may still write, for ever:
 * what counts is what was there when the end was seen. */
static follow_result copy_rest(cli_follow *follow, tether_error *error)
{
    uint64_t size[2] = {0, 0};
    int i;

    for (i = 0; i < 2; i++) {
        if (follow->to[i] != NULL && tether_output_size(follow->registry, follow->task_id,
                                                        (tether_stream)i, &size[i], error) != 0)
            return FOLLOW_FAILED;
    }
    for (i = 0; i < 2; i++) {
        follow_result result;

        if (follow->to[i] == NULL)
            continue;
        result = follow_copy(follow, (tether_stream)i, size[i], error);
        if (result != FOLLOW_ENDED)
            return result;
        if (!stream_flush(follow->to[i]))
            return FOLLOW_WRITE_FAILED;
    }
    return FOLLOW_ENDED;
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

/* Waits for more output or the end, up to a moment of uv_hrtime's clock. A stream that is not shown
 * is as long as can be, so that its growth wakes nobody. */
static bool wait_for_more(const cli_follow *follow, uint64_t until_ns, bool *over,
                          tether_error *error)
{
    uint64_t seen_stdout = follow->to[0] != NULL ? follow->offset[0] : INT64_MAX;
    uint64_t seen_stderr = follow->to[1] != NULL ? follow->offset[1] : INT64_MAX;
    int64_t timeout_ms = -1;
    int code;

    if (until_ns != UINT64_MAX) {
        uint64_t now = uv_hrtime();

        /* Rounded up: a wait of 0 ms would only spin through the last one. */
        timeout_ms = now < until_ns ? (int64_t)((until_ns - now + NS_PER_MS - 1) / NS_PER_MS) : 0;
    }
    code = tether_output_wait(follow->registry, follow->task_id, seen_stdout, seen_stderr,
                              timeout_ms, error);
    *over = code == TETHER_ETIMEDOUT;
    return code == 0 || *over;
}

/* The moment at which a wait is over; UINT64_MAX: never, also for one past the clock's range. */
static uint64_t moment_after(int64_t timeout_ms)
{
    uint64_t now = uv_hrtime();

    if (timeout_ms < 0 || (uint64_t)timeout_ms > (UINT64_MAX - now) / NS_PER_MS - 1)
        return UINT64_MAX;
    return now + (uint64_t)timeout_ms * NS_PER_MS;
}

follow_result follow_task(cli_follow *follow, int64_t timeout_ms, tether_error *error)
{
    uint64_t until_ns = moment_after(timeout_ms);
    uint64_t next_look_ns = 0;
    bool moved = false, over = false;

    for (;;) {
        follow_result result;

        /* The look comes before the reading: what is read after a look that saw the end is all. */
        if (!moved || over || uv_hrtime() >= next_look_ns) {
            bool ended;

            if (!look_whether_ended(follow, &ended, error))
                return FOLLOW_FAILED;
            if (ended)
                return copy_rest(follow, error);
            next_look_ns = uv_hrtime() + LOOK_INTERVAL_NS;
        }
        result = copy_round(follow, &moved, error);
        if (result != FOLLOW_ENDED)
            return result;
        if (over || (until_ns != UINT64_MAX && uv_hrtime() >= until_ns))
            return FOLLOW_WAIT_OVER;
        if (!wait_for_more(follow, until_ns, &over, error))
            return FOLLOW_FAILED;
    }
}
