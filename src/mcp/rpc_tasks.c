/* Owns tether's tasks as tasks of MCP. Their ids are tether's, so that they outlive the server.
 * Must not: keep anything about them.
 * Thread: the main one. */
#include "mcp/rpc_tasks.h"

#include <string.h>

#include "mcp/address.h"
#include "mcp/failure.h"
#include "mcp/outcome.h"
#include "mcp/reply.h"
#include "mcp/rpc_pages.h"
#include "mcp/rpc_task.h"
#include "mcp/rpc_tools.h"
#include "mcp/tool_steps.h"
#include "mcp/tools.h"

enum { PAGE = 100 };

static json_t *result_of(mcp_host *host, const tether_snapshot *snapshot, tether_error *error)
{
    mcp_result result = {0};
    const tether_error none = {0};
    json_t *value = NULL;
    if (outcome_answer(host, snapshot, false, &result, error) == TETHER_OK)
        value = rpc_tools_outcome(&result, &none);
    json_decref(result.value);
    buffer_dispose(&result.text);
    return value;
}

static json_t *detailed(mcp_calls *calls, mcp_host *host, const tether_snapshot *snapshot)
{
    tether_error error = {0};
    json_t *value = reply_snapshot(snapshot);
    json_t *task = rpc_task(&calls->hosts, value, true);
    const char *status = json_string_value(json_object_get(task, "status"));
    json_decref(value);
    if (status != NULL && strcmp(status, "completed") == 0) {
        json_t *result = result_of(host, snapshot, &error);
        if (result != NULL)
            json_object_set_new(result, "resultType", json_string("complete"));
        json_object_set_new(task, "result", result);
    }
    return task;
}

json_t *rpc_task_detailed(mcp_calls *calls, mcp_host *host, const char *task_id)
{
    tether_snapshot *snapshot;
    if (tether_status_get(host->registry, task_id, &snapshot, NULL) != TETHER_OK)
        return NULL;
    json_t *task = detailed(calls, host, snapshot);
    tether_snapshot_free(snapshot);
    return task;
}

bool rpc_tasks_known(const rpc_request *request)
{
    if (!request->modern || request->tasks)
        return true;
    rpc_error_with(request, RPC_CAPABILITY, "Missing required client capability",
                   json_pack("{s:{s:{s:{}}}}", "requiredCapabilities", "extensions",
                             "io.modelcontextprotocol/tasks"));
    return false;
}

/* Finds the task of a request, or fails. */
static tether_snapshot *find(const rpc_request *request, mcp_host **host)
{
    mcp_address address;
    tether_error error = {0};
    tether_snapshot *snapshot = NULL;
    const char *id = rpc_param(request, "taskId");
    if (!rpc_tasks_known(request))
        return NULL;
    if (id == NULL || !address_of_id(&request->calls->hosts, id, &address)) {
        rpc_error(request, RPC_PARAMS, "taskId is no id of a task; tasks/list has them");
        return NULL;
    }
    int code = hosts_get(&request->calls->hosts, address.session, host, &error);
    if (code == TETHER_OK)
        code = tether_status_get((*host)->registry, address.task_id, &snapshot, &error);
    if (code != TETHER_OK)
        rpc_fail(request, RPC_PARAMS, &error);
    return snapshot;
}

void rpc_tasks_get(const rpc_request *request)
{
    mcp_host *host;
    tether_snapshot *snapshot = find(request, &host);
    if (snapshot == NULL)
        return;
    if (request->modern) {
        rpc_result(request, detailed(request->calls, host, snapshot));
    } else {
        json_t *value = reply_snapshot(snapshot);
        rpc_result(request, rpc_task(&request->calls->hosts, value, false));
        json_decref(value);
    }
    tether_snapshot_free(snapshot);
}

void rpc_tasks_update(const rpc_request *request)
{
    mcp_host *host;
    tether_snapshot *snapshot = find(request, &host);
    if (snapshot == NULL)
        return;
    tether_snapshot_free(snapshot); /* no task asks for input */
    rpc_result(request, json_object());
}

void rpc_tasks_list(const rpc_request *request)
{
    rpc_page page;
    if (!rpc_page_open(request, PAGE, &page))
        return;
    json_t *tasks = json_array();
    for (size_t i = page.first; i < page.end; i++) {
        json_t *value = reply_snapshot(page.list->items[i]);
        json_array_append_new(tasks, rpc_task(&request->calls->hosts, value, false));
        json_decref(value);
    }
    json_t *result = json_pack("{s:o}", "tasks", tasks);
    rpc_page_close(&page, result);
    rpc_result(request, result);
}

/* --- Calls that wait: tasks/result and tasks/cancel --- */

static int check_result(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    tether_snapshot *snapshot;
    (void)over;
    int code = tether_status_get(call->host->registry, call->ids[0], &snapshot, error);
    if (code != TETHER_OK)
        return code;
    if (!tether_status_ended(snapshot->status)) {
        tether_snapshot_free(snapshot);
        return CALL_WAITS;
    }
    code = outcome_answer(call->host, snapshot, false, result, error);
    tether_snapshot_free(snapshot);
    return code;
}

static int begin_result(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    const char *id = json_string_value(json_object_get(call->arguments, "task_id"));
    call->polled = true;
    call->until_ms = INT64_MAX;
    call->next = check_result;
    if (!call_set_ids(call, &id, 1))
        return failure_memory(error, "wait");
    return check_result(call, over, result, error);
}

static void answer_result(mcp_call *call, const mcp_result *result, const tether_error *error)
{
    const rpc_request request = {.calls = call->protocol, .id = call->id};
    json_t *value = rpc_tools_outcome(result, error);
    if (value != NULL) {
        const char *session = call->host != NULL ? call->host->session : NULL;
        const char *id = json_string_value(json_object_get(call->arguments, "task_id"));
        json_object_set_new(value, "_meta",
                            json_pack("{s:{s:o}}", "io.modelcontextprotocol/related-task", "taskId",
                                      address_id(&request.calls->hosts, session, id)));
    }
    rpc_result(&request, value);
}

static void answer_cancel(mcp_call *call, const mcp_result *result, const tether_error *error)
{
    const rpc_request request = {
        .calls = call->protocol, .id = call->id, .modern = call->form == 1};
    if (error->code != 0)
        rpc_fail(&request, RPC_INTERNAL, error);
    else
        rpc_result(&request, request.modern
                                 ? json_object()
                                 : rpc_task(&request.calls->hosts, result->value, false));
}

static const mcp_tool result_tool = {.name = "tasks/result", .begin = begin_result};
static const mcp_tool cancel_tool = {.name = "tasks/cancel", .begin = tool_kill};

static void begin(const rpc_request *request, const mcp_tool *tool, const mcp_host *host,
                  const char *task_id, call_answer *answer)
{
    json_t *arguments = json_pack("{s:s, s:s}", "task_id", task_id, "session", host->session);
    rpc_tools_begin(request, tool, arguments, answer, NULL);
}

void rpc_tasks_result(const rpc_request *request)
{
    mcp_host *host;
    tether_snapshot *snapshot = find(request, &host);
    if (snapshot == NULL)
        return;
    begin(request, &result_tool, host, snapshot->task_id, answer_result);
    tether_snapshot_free(snapshot);
}

void rpc_tasks_cancel(const rpc_request *request)
{
    mcp_host *host;
    tether_snapshot *snapshot = find(request, &host);
    if (snapshot == NULL)
        return;
    if (request->calls->policy->read_only)
        rpc_error(request, RPC_PARAMS, "this server changes nothing (--read-only); use another");
    else if (!tether_status_ended(snapshot->status))
        begin(request, &cancel_tool, host, snapshot->task_id, answer_cancel);
    else if (request->modern)
        rpc_result(request, json_object());
    else
        rpc_error(request, RPC_PARAMS, "the task has ended: %s; it cannot be cancelled",
                  tether_status_text(snapshot->status));
    tether_snapshot_free(snapshot);
}
