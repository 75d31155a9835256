/* Owns the tools that control tasks: input, kill, pause, resume. They may take seconds.
 * Must not: let the loop wait for them.
 * Thread: the main one; what begins with do_ runs on a thread of its own. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mcp/arguments.h"
#include "mcp/failure.h"
#include "mcp/reply.h"
#include "mcp/tool_steps.h"
#include "mcp/tools.h"
#include "mcp/work.h"

enum { INPUT_MS = 5000, GRACE_MOST_MS = 3600 * 1000 };

/* The work is done: answers with the task as it is then. */
static int finish(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    tether_snapshot *snapshot;
    mcp_work *done = call->work;
    (void)over;
    if (done == NULL || done->host != NULL)
        return CALL_WAITS;
    int code = done->code;
    if (code != TETHER_OK)
        *error = done->error;
    else
        code = tether_status_get(call->host->registry, done->task_id, &snapshot, error);
    if (code == TETHER_OK) {
        result->value = reply_snapshot(snapshot);
        reply_line(&result->text, snapshot);
        if (call->tool->begin == tool_input) {
            json_object_set_new(result->value, "written", json_integer((json_int_t)done->written));
            json_object_set_new(result->value, "taken", json_integer((json_int_t)done->taken));
            buffer_format(&result->text, "%zu bytes were taken.\n", done->written);
        }
        tether_snapshot_free(snapshot);
    }
    call->work = NULL;
    work_free(done);
    return code;
}

static void make_due(void *call)
{
    ((mcp_call *)call)->due = true;
}

static int begin(mcp_call *call, work_function *function, mcp_work *item, tether_error *error)
{
    const char *id = NULL;
    int code = arguments_needed_text(call->arguments, "task_id", &id, error);
    if (code != TETHER_OK) {
        work_free(item);
        return code;
    }
    item->function = function;
    item->owner = call;
    item->when_done = make_due;
    code = work_begin(item, call->host, id, error);
    if (code != TETHER_OK)
        return code;
    call->work = item;
    call->until_ms = INT64_MAX;
    call->next = finish;
    return CALL_WAITS;
}

static int do_kill(mcp_work *work, tether_error *error)
{
    const tether_kill_options options = {.size = sizeof options, .grace_ms = work->number};
    return tether_kill(work->registry, work->task_id, &options, error);
}

int tool_kill(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    int64_t grace = -1;
    (void)over;
    (void)result;
    mcp_work *item = calloc(1, sizeof *item);
    if (item == NULL)
        return failure_memory(error, "kill");
    int code = arguments_number(call->arguments, "grace_ms", 0, GRACE_MOST_MS, &grace, error);
    if (code != TETHER_OK) {
        work_free(item);
        return code;
    }
    /* For the library 0 is the default, and -1 is none. */
    item->number = grace < 0 ? 0 : grace == 0 ? -1 : grace;
    return begin(call, do_kill, item, error);
}

static int do_pause(mcp_work *work, tether_error *error)
{
    return tether_pause(work->registry, work->task_id, error);
}

static int do_resume(mcp_work *work, tether_error *error)
{
    return tether_resume(work->registry, work->task_id, error);
}

static int begin_plain(mcp_call *call, work_function *function, tether_error *error)
{
    mcp_work *item = calloc(1, sizeof *item);
    return item != NULL ? begin(call, function, item, error) : failure_memory(error, "begin");
}

int tool_pause(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    (void)over;
    (void)result;
    return begin_plain(call, do_pause, error);
}

int tool_resume(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    (void)over;
    (void)result;
    return begin_plain(call, do_resume, error);
}

/* What was taken when the time was over is told as an answer, not as a failure: the client goes on
 * behind it. */
static int do_input(mcp_work *work, tether_error *error)
{
    const tether_input_options options = {
        .size = sizeof options, .close = work->flag, .timeout_ms = INPUT_MS};
    int code = tether_input(work->registry, work->task_id, work->bytes, work->size, &options,
                            &work->written, &work->taken, error);
    return code == TETHER_ETIMEDOUT && work->written > 0 ? TETHER_OK : code;
}

int tool_input(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    const char *text = NULL;
    (void)over;
    (void)result;
    mcp_work *item = calloc(1, sizeof *item);
    if (item == NULL)
        return failure_memory(error, "write input");
    item->in_turn = true;
    int code = arguments_text(call->arguments, "text", &text, error);
    if (code == TETHER_OK)
        code = arguments_flag(call->arguments, "close", &item->flag, error);
    if (code == TETHER_OK && text != NULL) {
        item->size = strlen(text);
        item->bytes = malloc(item->size + 1);
        if (item->bytes == NULL)
            code = failure_memory(error, "write input");
        else
            memcpy(item->bytes, text, item->size + 1);
    }
    if (code != TETHER_OK) {
        work_free(item);
        return code;
    }
    return begin(call, do_input, item, error);
}
