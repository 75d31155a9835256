/* Owns the methods tools/list and tools/call, and notices of progress.
 * Must not: know what a tool does.
 * Thread: the main one. */
#include "mcp/rpc_tools.h"

#include <string.h>

#include "mcp/reply.h"
#include "mcp/rpc_task.h"
#include "mcp/stdio_os.h"
#include "mcp/tool_steps.h"
#include "mcp/tools.h"

enum { LAST_LINE = 512, TTL_MS = 3600 * 1000 };

void rpc_tools_list(const rpc_request *request)
{
    json_t *result = json_pack("{s:o}", "tools", tools_list(request->calls->policy));
    if (request->modern) {
        json_object_set_new(result, "ttlMs", json_integer(TTL_MS));
        json_object_set_new(result, "cacheScope", json_string("public"));
    }
    rpc_result(request, result);
}

/* A failure of a tool is for the model: code, step and cure stand in the text, too. */
static json_t *failed(const tether_error *error)
{
    mcp_buffer text = {0};
    buffer_format(&text, "%s at \"%s\": ", tether_error_name(error->code), error->step);
    reply_word(&text, error->message, sizeof error->message);
    json_t *value = json_pack("{s:[{s:s, s:o}], s:{s:o}, s:b}", "content", "type", "text", "text",
                              json_stringn(text.bytes, text.used), "structuredContent", "error",
                              reply_error(error), "isError", 1);
    buffer_dispose(&text);
    return value;
}

json_t *rpc_tools_result(const mcp_result *result, const tether_error *error)
{
    if (error->code != 0)
        return failed(error);
    const char *text = result->text.bytes != NULL ? result->text.bytes : "";
    return json_pack("{s:[{s:s, s:o}], s:O, s:b}", "content", "type", "text", "text",
                     reply_bytes(text, result->text.used), "structuredContent", result->value,
                     "isError", 0);
}

json_t *rpc_tools_outcome(const mcp_result *result, const tether_error *error)
{
    json_t *value = rpc_tools_result(result, error);
    const char *status = json_string_value(json_object_get(result->value, "status"));
    bool good = error->code == 0 && status != NULL && strcmp(status, "completed") == 0;
    if (value != NULL)
        json_object_set_new(value, "isError", json_boolean(!good));
    return value;
}

static void answer_call(mcp_call *call, const mcp_result *result, const tether_error *error)
{
    const rpc_request request = {
        .calls = call->protocol, .id = call->id, .modern = call->form == 1};
    rpc_result(&request, rpc_tools_result(result, error));
}

/* A start that became a task of MCP; if it could not, or has ended already, its result. */
static void answer_task(mcp_call *call, const mcp_result *result, const tether_error *error)
{
    mcp_calls *calls = call->protocol;
    const rpc_request request = {.calls = calls, .id = call->id, .modern = call->form == 1};
    const char *ended = json_string_value(json_object_get(result->value, "finished_at_rfc3339"));
    if (error->code != 0 || (request.modern && ended != NULL)) {
        rpc_result(&request, rpc_tools_outcome(result, error));
        return;
    }
    json_t *task = rpc_task(&calls->hosts, result->value, request.modern);
    /* 2025-11-25 wants every task to begin so; the client asks for its state next. */
    json_object_set_new(task, "status", json_string("working"));
    if (request.modern && task != NULL)
        json_object_set_new(task, "resultType", json_string("task"));
    rpc_result(&request, request.modern ? task : json_pack("{s:o}", "task", task));
}

/* Returns the last line that the task has written. */
static json_t *last_line(const mcp_call *call)
{
    char *text;
    size_t size, begin;
    if (call->id_count != 1 ||
        tether_output_tail(call->host->registry, call->ids[0], TETHER_VIEW_BOTH, LAST_LINE, 1,
                           &text, &size, NULL, NULL) != TETHER_OK)
        return NULL;
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
        size--;
    for (begin = size; begin > 0 && text[begin - 1] != '\n' && text[begin - 1] != '\r'; begin--) {
    }
    mcp_buffer line = {0};
    text[size] = '\0';
    reply_word(&line, text + begin, LAST_LINE);
    json_t *value = line.used > 0 ? json_stringn(line.bytes, line.used) : NULL;
    buffer_dispose(&line);
    tether_free(text);
    return value;
}

static void tell_progress(mcp_call *call)
{
    int64_t seconds = (stdio_os_now_ms() - call->began_ms) / 1000;
    json_t *params =
        json_pack("{s:O, s:I}", "progressToken", call->token, "progress", (json_int_t)seconds);
    json_t *line = last_line(call);
    if (line != NULL)
        json_object_set_new(params, "message", line);
    rpc_notice(call->protocol, "notifications/progress", params);
}

void rpc_tools_begin(const rpc_request *request, const mcp_tool *tool, json_t *arguments,
                     call_answer *answer, call_progress *progress)
{
    json_t *token = json_object_get(request->meta, "progressToken");
    mcp_call *made = call_new(tool, request->calls->policy, json_incref(request->id), arguments);
    if (made == NULL) {
        json_decref(request->id);
        json_decref(arguments);
        rpc_result(request, NULL);
        return;
    }
    made->token = json_is_string(token) || json_is_integer(token) ? json_incref(token) : NULL;
    made->protocol = request->calls;
    made->answer = answer;
    made->progress = progress;
    made->form = request->modern ? 1 : 0;
    calls_begin(request->calls, made);
}

/* Which calls become tasks: in 2025-11-25 the client says so; in the modern era it says that it
 * knows tasks, and only run takes long by itself. */
static bool wants_task(const rpc_request *request, const mcp_tool *tool)
{
    if (request->modern)
        return request->tasks && tool->begin == tool_run;
    return json_is_object(json_object_get(request->params, "task"));
}

/* Does not wait for the end, unless the client asks for that. */
static json_t *task_arguments(const rpc_request *request, json_t *arguments)
{
    json_t *changed = arguments != NULL ? json_copy(arguments) : json_object();
    if (!request->modern || json_object_get(changed, "wait_ms") == NULL)
        json_object_set_new(changed, "wait_ms", json_integer(0));
    return changed;
}

static void begin_task(const rpc_request *request, const mcp_tool *tool, json_t *arguments)
{
    if (tool->begin != tool_run) {
        rpc_error(request, RPC_METHOD, "the tool %s runs as no task; leave params.task out",
                  tool->name);
        return;
    }
    rpc_tools_begin(request, tool, task_arguments(request, arguments), answer_task, tell_progress);
}

void rpc_tools_call(const rpc_request *request)
{
    const char *name = rpc_param(request, "name");
    json_t *arguments = json_object_get(request->params, "arguments");
    const mcp_tool *tool = name != NULL ? tools_find(request->calls->policy, name) : NULL;
    if (tool == NULL) {
        rpc_error(request, RPC_PARAMS, "unknown tool %.80s; tools/list has the tools",
                  name != NULL ? name : "(no name)");
        return;
    }
    if (arguments != NULL && !json_is_object(arguments)) {
        rpc_error(request, RPC_PARAMS, "the arguments are no object; give one");
        return;
    }
    if (wants_task(request, tool)) {
        begin_task(request, tool, arguments);
        return;
    }
    rpc_tools_begin(request, tool, arguments != NULL ? json_incref(arguments) : json_object(),
                    answer_call, tell_progress);
}
