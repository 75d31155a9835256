/* Owns the tools that wait: for the ends of tasks, and for output.
 * Must not: keep the loop waiting: a step answers or returns at once.
 * Thread: the main one. */
#include <stdlib.h>
#include <string.h>

#include "mcp/arguments.h"
#include "mcp/failure.h"
#include "mcp/reply.h"
#include "mcp/tool_steps.h"
#include "mcp/tools.h"
#include "mcp/view.h"

/* Sets the tasks that run now. */
static int take_running(mcp_call *call, tether_error *error)
{
    const tether_list_options options = {.size = sizeof options, .without_output = true};
    tether_snapshot_list *list;
    int code = tether_list_in(call->host->registry, &options, &list, error);
    if (code != TETHER_OK)
        return code;
    const char **ids = calloc(list->count + 1, sizeof *ids);
    for (size_t i = 0; ids != NULL && i < list->count; i++)
        ids[i] = list->items[i]->task_id;
    if (ids == NULL || !call_set_ids(call, ids, list->count))
        code = failure_memory(error, "wait");
    for (size_t i = 0; i < list->count; i++)
        call->polled = call->polled || !list->items[i]->notify_on_completion;
    free((void *)ids);
    tether_snapshot_list_free(list);
    return code;
}

/* Sets the tasks that the arguments name, if they exist. */
static int take_named(mcp_call *call, const char *const *ids, size_t count, tether_error *error)
{
    int code = call_set_ids(call, ids, count) ? TETHER_OK : failure_memory(error, "wait");
    for (size_t i = 0; code == TETHER_OK && i < count; i++) {
        tether_snapshot *snapshot;
        code = tether_status_get(call->host->registry, ids[i], &snapshot, error);
        if (code != TETHER_OK)
            return code;
        call->polled = call->polled || !snapshot->notify_on_completion;
        tether_snapshot_free(snapshot);
    }
    return code;
}

static int is_over(const mcp_call *call, bool *all, tether_error *error)
{
    const char *mode = "any";
    int code = arguments_text(call->arguments, "mode", &mode, error);
    if (code != TETHER_OK)
        return code;
    *all = strcmp(mode, "all") == 0;
    if (!*all && strcmp(mode, "any") != 0)
        return failure(error, TETHER_EINVAL, "read arguments",
                       "mode %.40s is unknown; give any or all", mode);
    return TETHER_OK;
}

/* Puts each task where it belongs. */
static int sort_tasks(mcp_call *call, json_t *ended, json_t *running, mcp_buffer *text,
                      tether_error *error)
{
    for (size_t i = 0; i < call->id_count; i++) {
        tether_snapshot *snapshot;
        int code = tether_status_get(call->host->registry, call->ids[i], &snapshot, error);
        if (code != TETHER_OK)
            return code;
        if (tether_status_ended(snapshot->status)) {
            json_array_append_new(ended, reply_snapshot(snapshot));
            reply_line(text, snapshot);
        } else {
            json_array_append_new(running, json_string(call->ids[i]));
        }
        tether_snapshot_free(snapshot);
    }
    return TETHER_OK;
}

static int answer_wait(mcp_call *call, bool timed_out, mcp_result *result, tether_error *error)
{
    json_t *ended = json_array(), *running = json_array();
    int code = sort_tasks(call, ended, running, &result->text, error);
    size_t left = json_array_size(running);
    result->value = json_pack("{s:o, s:o, s:b}", "ended", ended, "running", running, "timed_out",
                              (int)timed_out);
    if (call->id_count == 0)
        buffer_text(&result->text, "No task runs.\n");
    else if (left > 0)
        buffer_format(&result->text, "%zu of %zu still run%s\n", left, call->id_count,
                      timed_out ? ". That is no error: call wait again, or do other work." : ".");
    return code;
}

static int check_wait(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    bool all;
    int code = is_over(call, &all, error);
    if (code != TETHER_OK)
        return code;
    if (call->id_count == 0)
        return answer_wait(call, false, result, error);
    const char **ids = calloc(call->id_count, sizeof *ids);
    if (ids == NULL)
        return failure_memory(error, "wait");
    for (size_t i = 0; i < call->id_count; i++)
        ids[i] = call->ids[i];
    code = tether_wait(call->host->registry, ids, call->id_count,
                       all ? TETHER_WAIT_ALL : TETHER_WAIT_ANY, 0, NULL, error);
    free((void *)ids);
    if (code == TETHER_ETIMEDOUT && !over)
        return CALL_WAITS;
    if (code != TETHER_OK && code != TETHER_ETIMEDOUT)
        return code;
    *error = (tether_error){0};
    return answer_wait(call, code == TETHER_ETIMEDOUT, result, error);
}

static int take_time(mcp_call *call, tether_error *error)
{
    int64_t ms = WAIT_DEFAULT_MS;
    int code = arguments_number(call->arguments, "timeout_ms", 0, WAIT_MOST_MS, &ms, error);
    call->until_ms = call->began_ms + ms;
    return code;
}

int tool_wait(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    const char **ids = NULL;
    size_t count = 0;
    (void)over;
    int code = arguments_texts(call->arguments, "task_ids", &ids, &count, error);
    if (code == TETHER_OK)
        code = take_time(call, error);
    if (code == TETHER_OK)
        code = count > 0 ? take_named(call, ids, count, error) : take_running(call, error);
    free((void *)ids);
    if (code != TETHER_OK)
        return code;
    call->next = check_wait;
    return check_wait(call, call->until_ms == call->began_ms, result, error);
}

/* --- watch --- */

static int answer_watch(mcp_call *call, bool matched, bool timed_out, mcp_result *result,
                        tether_error *error)
{
    tether_snapshot *snapshot;
    int code = tether_status_get(call->host->registry, call->ids[0], &snapshot, error);
    if (code != TETHER_OK)
        return code;
    result->value =
        json_pack("{s:b, s:b, s:O?, s:o}", "matched", (int)matched, "timed_out", (int)timed_out,
                  "match", call->match, "task", reply_snapshot(snapshot));
    reply_line(&result->text, snapshot);
    if (matched) {
        const json_t *line = json_object_get(call->match, "line");
        buffer_text(&result->text, "A line matches:\n");
        reply_fenced(&result->text, json_string_value(line), json_string_length(line));
    } else {
        buffer_text(&result->text, timed_out ? "Nothing has matched yet. That is no error: call "
                                               "watch again, or do other work.\n"
                                             : "Nothing has matched.\n");
    }
    tether_snapshot_free(snapshot);
    return TETHER_OK;
}

static int check_watch(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    if (call->ended == 0 && !over)
        return CALL_WAITS;
    if (call->failed.code != 0) {
        *error = call->failed;
        return error->code;
    }
    return answer_watch(call, call->ended == 1, call->ended == 0, result, error);
}

static int take_pattern(const mcp_call *call, tether_watch_spec *spec, tether_error *error)
{
    int code = arguments_needed_text(call->arguments, "pattern", &spec->pattern, error);
    if (code == TETHER_OK)
        code = arguments_flag(call->arguments, "fixed", &spec->fixed, error);
    if (code == TETHER_OK)
        code = arguments_flag(call->arguments, "from_now", &spec->from_now, error);
    if (code == TETHER_OK)
        code = arguments_flag(call->arguments, "partial", &spec->partial, error);
    if (code == TETHER_OK)
        code = view_take(call->arguments, &spec->view, error);
    spec->whole_lines = !spec->partial;
    return code;
}

int tool_watch(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    tether_watch_spec spec = {.size = sizeof spec, .once = true, .transient = true};
    const char *id = NULL;
    (void)over;
    (void)result;
    int code = arguments_needed_text(call->arguments, "task_id", &id, error);
    if (code == TETHER_OK)
        code = take_pattern(call, &spec, error);
    if (code == TETHER_OK)
        code = take_time(call, error);
    if (code == TETHER_OK)
        code = tether_watch_add(call->host->registry, id, &spec, &call->watch, error);
    if (code != TETHER_OK)
        return code;
    if (!call_set_ids(call, &id, 1))
        return failure_memory(error, "watch");
    call->next = check_watch;
    return CALL_WAITS;
}
