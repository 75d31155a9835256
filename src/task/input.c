/* Owns writing to the standard input of a running task.
 * Must not: send a byte again that may have been taken, unless its place is known.
 * Thread: any. */
#include <string.h>
#include <uv.h>

#include "base/error.h"
#include "base/options.h"
#include "engine/core.h"
#include "engine/waiting.h"
#include "format/name.h"
#include "task/monitor_call.h"
#include "tether/task.h"

static const char step[] = "write input";

/* The pauses until the next attempt, while the pipe is full. */
enum { FIRST_PAUSE_MS = 2, LAST_PAUSE_MS = 100 };

typedef struct writing {
    const char *task_id;
    const char *data;
    size_t size;
    size_t written;
    tether_input_options options;
    uint64_t taken;
    tether__channel_end end;
} writing;

static int fail_answer(const writing *w, const tether__control *answer, tether_error *error)
{
    switch (answer->word) {
    case TETHER__CONTROL_DONE:
        return TETHER_OK;
    case TETHER__CONTROL_NO_INPUT:
        return tether__fail(error, TETHER_ENOTSUP, 0, step,
                            "the standard input of task %s is no pipe; start the task with "
                            "--stdin pipe",
                            w->task_id);
    case TETHER__CONTROL_CLOSED:
        return tether__fail(error, TETHER_EPIPE, 0, step,
                            "the standard input of task %s was closed after %llu bytes; start "
                            "another task to give it more",
                            w->task_id, (unsigned long long)w->taken);
    case TETHER__CONTROL_NO_READER:
        return tether__fail(error, TETHER_EPIPE, 0, step,
                            "no process of task %s reads its standard input any more; tether "
                            "status shows whether it runs",
                            w->task_id);
    case TETHER__CONTROL_BEYOND:
        return tether__fail(error, TETHER_EINVAL, 0, step,
                            "the offset is beyond the %llu bytes that the standard input of task "
                            "%s has taken; take that number as the offset",
                            (unsigned long long)w->taken, w->task_id);
    default:
        return tether__fail(error, TETHER_ENOTSUP, 0, step,
                            "the monitor of task %s answers what this version does not know; use "
                            "the version that started it",
                            w->task_id);
    }
}

/* Sends the next part, and the request to close with the last one. */
static int send_part(writing *w, tether__control *answer, tether_error *error)
{
    size_t left = w->size - w->written;
    size_t part = left < TETHER__CONTROL_PAYLOAD ? left : TETHER__CONTROL_PAYLOAD;
    const tether__control request = {
        .word = TETHER__CONTROL_INPUT,
        .place = w->options.at_offset,
        .offset = w->options.at_offset ? (int64_t)(w->options.offset + w->written) : 0,
        .close = w->options.close && part == left,
        .payload = w->data != NULL ? w->data + w->written : NULL,
        .payload_size = part,
    };
    int code = tether__monitor_ask(&w->end, w->task_id, &request, answer, error);
    if (code != TETHER_OK)
        return code;
    w->taken = (uint64_t)answer->taken;
    if (answer->wrote < 0 || (uint64_t)answer->wrote > part)
        return tether__fail(error, TETHER_EIO, 0, step,
                            "the monitor of task %s has taken more than it was given: another "
                            "program writes to it too; let only one do so",
                            w->task_id);
    w->written += (size_t)answer->wrote;
    return fail_answer(w, answer, error);
}

static int send_all(tether__wait *wait, writing *w, tether_error *error)
{
    int pause_ms = FIRST_PAUSE_MS;
    int code = TETHER_OK;
    while (code == TETHER_OK) {
        tether__control answer;
        size_t before = w->written;
        code = tether__wait_prepare(wait, error);
        if (code == TETHER_OK)
            code = send_part(w, &answer, error);
        if (code != TETHER_OK || w->written == w->size)
            break;
        pause_ms = w->written > before        ? FIRST_PAUSE_MS
                   : pause_ms < LAST_PAUSE_MS ? 2 * pause_ms
                                              : LAST_PAUSE_MS;
        code = tether__wait_nap(wait, pause_ms, NULL);
        if (code == TETHER_ETIMEDOUT)
            tether__fail(error, code, 0, step,
                         "task %s has not read its standard input; %zu of %zu bytes were taken; "
                         "wait longer, or try again",
                         w->task_id, w->written, w->size);
        else if (code != TETHER_OK)
            tether__fail(error, code, 0, step,
                         "the registry is closing; open it again to write the rest");
    }
    return code;
}

static int connect_to(tether_registry *registry, writing *w, tether_error *error)
{
    tether__wait wait;
    w->end.handle = -1;
    int code = tether__wait_begin_start(registry, step, &wait, error);
    if (code == TETHER_OK)
        code = tether__monitor_connect(&wait, w->task_id, &w->end, error);
    tether__wait_end(&wait);
    return code;
}

static int write_input(tether_registry *registry, writing *w, tether_error *error)
{
    tether__wait wait;
    tether_error problem = {0};
    int code = connect_to(registry, w, error);
    if (code != TETHER_OK)
        return code;
    code = tether__wait_begin(registry, step, w->options.timeout_ms, &wait, &problem);
    if (code == TETHER_OK)
        code = send_all(&wait, w, &problem);
    tether__wait_end(&wait);
    tether__os_control_close(&w->end);
    /* When the command ends, the monitor closes the pipe, and leaves: then that is what happened.
     */
    if ((code == TETHER_ENOANSWER || code == TETHER_EPIPE) &&
        tether__monitor_check(&registry->catalog, w->task_id, NULL) == TETHER_EENDED)
        return tether__monitor_check(&registry->catalog, w->task_id, error);
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

int tether_input(tether_registry *registry, const char *task_id, const void *data, size_t size,
                 const tether_input_options *options, size_t *written, uint64_t *taken,
                 tether_error *error)
{
    writing w = {.task_id = task_id, .data = data, .size = size};
    if (written != NULL)
        *written = 0;
    if (taken != NULL)
        *taken = 0;
    int code = tether__check_task_id(task_id, error);
    if (code == TETHER_OK)
        code = tether__options_take(options, &w.options, sizeof w.options, NULL,
                                    "tether_input_options", error);
    if (code != TETHER_OK)
        return code;
    if (w.options.timeout_ms < -1 || w.options.offset > INT64_MAX / 2 || size > INT64_MAX / 2 ||
        (data == NULL && size > 0))
        return tether__fail(error, TETHER_EINVAL, 0, step,
                            "the data is missing, the offset too large, or the timeout negative");
    code = write_input(registry, &w, error);
    if (written != NULL)
        *written = w.written;
    if (taken != NULL)
        *taken = w.taken;
    return code;
}
