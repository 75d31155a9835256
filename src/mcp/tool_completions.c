/* Owns the tools about completions: each end is told to one client, until it is acknowledged.
 * Must not: acknowledge what the client may not have got.
 * Thread: the main one. */
#include <stdlib.h>

#include "mcp/arguments.h"
#include "mcp/failure.h"
#include "mcp/reply.h"
#include "mcp/tool_steps.h"
#include "mcp/tools.h"

enum { LIMIT = 20, LIMIT_MOST = 1000 };

static int answer(mcp_call *call, const tether_snapshot_list *list, mcp_result *result)
{
    json_t *tasks = json_array();
    host_tell_for(call->host, call->id);
    for (size_t i = 0; i < list->count; i++) {
        host_tell(call->host, list->items[i]->task_id);
        json_array_append_new(tasks, reply_snapshot(list->items[i]));
        reply_line(&result->text, list->items[i]);
    }
    result->value = json_pack("{s:o}", "completions", tasks);
    buffer_text(&result->text, list->count > 0
                                   ? "The next call of completions, or ack, acknowledges these.\n"
                                   : "No other task has ended.\n");
    return TETHER_OK;
}

static int check(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    int64_t limit = LIMIT;
    tether_snapshot_list *list;
    int code = arguments_number(call->arguments, "limit", 1, LIMIT_MOST, &limit, error);
    if (code != TETHER_OK)
        return code;
    const tether_completion_options options = {.size = sizeof options, .limit = (size_t)limit};
    code = tether_completions_lease(call->host->registry, &options, &list, error);
    if (code != TETHER_OK)
        return code;
    code = list->count > 0 || over ? answer(call, list, result) : CALL_WAITS;
    tether_snapshot_list_free(list);
    return code;
}

/* What this client was told before is acknowledged by its asking for more. */
int tool_completions(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    int64_t wait_ms = 0;
    (void)over;
    int code = arguments_number(call->arguments, "wait_ms", 0, WAIT_MOST_MS, &wait_ms, error);
    if (code != TETHER_OK)
        return code;
    host_acknowledge(call->host);
    call->until_ms = call->began_ms + wait_ms;
    call->any_end = true;
    call->next = check;
    return check(call, wait_ms == 0, result, error);
}

int tool_ack(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    const char **ids = NULL;
    size_t count = 0;
    (void)over;
    int code = arguments_texts(call->arguments, "task_ids", &ids, &count, error);
    if (code != TETHER_OK)
        return code;
    json_t *good = json_array(), *bad = json_array();
    for (size_t i = 0; i < count; i++) {
        tether_error problem = {0};
        if (tether_completion_ack(call->host->registry, ids[i], NULL, &problem) == TETHER_OK) {
            json_array_append_new(good, json_string(ids[i]));
            buffer_format(&result->text, "%.64s is acknowledged.\n", ids[i]);
            continue;
        }
        json_array_append_new(
            bad, json_pack("{s:s, s:o}", "task_id", ids[i], "error", reply_error(&problem)));
        buffer_format(&result->text, "%.64s: %s\n", ids[i], problem.message);
        *error = problem;
    }
    free((void *)ids);
    result->value = json_pack("{s:o, s:o}", "acknowledged", good, "failed", bad);
    /* Nothing was done. */
    return count > 0 && json_array_size(good) == 0 ? error->code : TETHER_OK;
}
