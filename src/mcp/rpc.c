/* Owns the framing of JSON-RPC: which messages are requests, of which era, and for which method.
 * Must not: do what a method does.
 * Thread: the main one. */
#include "mcp/rpc.h"

#include <stdlib.h>
#include <string.h>

#include "mcp/message.h"
#include "mcp/rpc_listeners.h"
#include "mcp/rpc_reply.h"
#include "mcp/rpc_resources.h"
#include "mcp/rpc_server.h"
#include "mcp/rpc_tasks.h"
#include "mcp/rpc_tools.h"

#define META "io.modelcontextprotocol/"

typedef enum eras { LEGACY = 1, MODERN = 2, BOTH = 3 } eras;

typedef struct rpc_method {
    const char *name;
    eras eras;
    void (*handle)(const rpc_request *request);
} rpc_method;

static const rpc_method methods[] = {
    {"initialize", LEGACY, rpc_server_initialize},
    {"ping", BOTH, rpc_server_ping},
    {"server/discover", MODERN, rpc_server_discover},
    {"tools/list", BOTH, rpc_tools_list},
    {"tools/call", BOTH, rpc_tools_call},
    {"tasks/get", BOTH, rpc_tasks_get},
    {"tasks/result", LEGACY, rpc_tasks_result},
    {"tasks/list", LEGACY, rpc_tasks_list},
    {"tasks/cancel", BOTH, rpc_tasks_cancel},
    {"tasks/update", MODERN, rpc_tasks_update},
    {"resources/list", BOTH, rpc_resources_list},
    {"resources/templates/list", BOTH, rpc_resources_templates},
    {"resources/read", BOTH, rpc_resources_read},
    {"resources/subscribe", LEGACY, rpc_resources_subscribe},
    {"resources/unsubscribe", LEGACY, rpc_resources_unsubscribe},
    {"subscriptions/listen", MODERN, rpc_subscriptions_listen},
};

typedef struct mcp_rpc {
    mcp_calls *calls;
    rpc_listeners *listeners;
} mcp_rpc;

static bool is_id(const json_t *id)
{
    return json_is_string(id) || json_is_integer(id);
}

/* Checks what a modern request says about itself. Returns whether it may go on. */
static bool check_modern(rpc_request *request)
{
    const json_t *version = json_object_get(request->meta, META "protocolVersion");
    const json_t *capabilities = json_object_get(request->meta, META "clientCapabilities");
    if (!json_is_string(version)) {
        rpc_error(request, RPC_PARAMS, "_meta has no " META "protocolVersion; give %s", RPC_MODERN);
        return false;
    }
    if (strcmp(json_string_value(version), RPC_MODERN) != 0) {
        rpc_error_with(request, RPC_VERSION, "Unsupported protocol version",
                       json_pack("{s:[s,s,s], s:O}", "supported", RPC_MODERN, RPC_LEGACY, RPC_OLDER,
                                 "requested", version));
        return false;
    }
    if (!json_is_object(capabilities)) {
        rpc_error(request, RPC_PARAMS,
                  "_meta has no " META "clientCapabilities; give an object, also an empty one");
        return false;
    }
    request->tasks =
        json_object_get(json_object_get(capabilities, "extensions"), META "tasks") != NULL;
    return true;
}

static bool is_modern(const rpc_request *request)
{
    const char *name;
    json_t *value;
    json_object_foreach(request->meta, name, value)
    {
        if (strcmp(name, META "protocolVersion") == 0 ||
            strcmp(name, META "clientCapabilities") == 0)
            return true;
    }
    return strcmp(request->method, "server/discover") == 0 ||
           strcmp(request->method, "subscriptions/listen") == 0;
}

static void handle_request(rpc_request *request)
{
    if (calls_find(request->calls, request->id) != NULL ||
        listeners_have(request->listeners, request->id)) {
        rpc_error(request, RPC_REQUEST, "a request with this id is not answered yet; use another");
        return;
    }
    if (request->params != NULL && !json_is_object(request->params)) {
        rpc_error(request, RPC_PARAMS, "the parameters are no object; give one");
        return;
    }
    request->meta = json_object_get(request->params, "_meta");
    request->modern = is_modern(request);
    if (request->modern && !check_modern(request))
        return;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(methods[i].name, request->method) == 0 &&
            (methods[i].eras & (request->modern ? MODERN : LEGACY)) != 0) {
            methods[i].handle(request);
            return;
        }
    }
    rpc_error(request, RPC_METHOD, "there is no method %.80s", request->method);
}

/* Ends a wait, never the task. An unknown request has been answered. */
static void handle_notice(const rpc_request *request)
{
    if (strcmp(request->method, "notifications/cancelled") != 0)
        return;
    const json_t *id = json_object_get(request->params, "requestId");
    mcp_call *found = id != NULL ? calls_find(request->calls, id) : NULL;
    if (found != NULL)
        calls_drop(request->calls, found);
    else if (id != NULL)
        listeners_cancel(request->listeners, id);
    if (id != NULL && found == NULL)
        hosts_untell(&request->calls->hosts, id);
}

static void handle_message(mcp_rpc *state, json_t *message)
{
    rpc_request request = {.calls = state->calls, .listeners = state->listeners};
    json_t *id = json_object_get(message, "id");
    const char *version = json_string_value(json_object_get(message, "jsonrpc"));
    request.id = is_id(id) ? id : NULL;
    request.method = json_string_value(json_object_get(message, "method"));
    request.params = json_object_get(message, "params");
    if (!json_is_object(message))
        rpc_error(&request, RPC_REQUEST, "a message is one object, and no list; send one a line");
    else if (version == NULL || strcmp(version, "2.0") != 0)
        rpc_error(&request, RPC_REQUEST, "the message is not JSON-RPC 2.0; give \"jsonrpc\"");
    else if (request.method == NULL && (json_object_get(message, "result") != NULL ||
                                        json_object_get(message, "error") != NULL))
        return; /* an answer, though nothing was asked */
    else if (request.method == NULL)
        rpc_error(&request, RPC_REQUEST, "the message has no method; give one");
    else if (id != NULL && request.id == NULL)
        rpc_error(&request, RPC_REQUEST, "the id is no text and no whole number; give one");
    else if (id == NULL)
        handle_notice(&request);
    else
        handle_request(&request);
}

static void note(void *state, mcp_host *host, const tether_event *event)
{
    listeners_note(((mcp_rpc *)state)->listeners, host, event);
}

static bool needs(void *state, const mcp_host *host)
{
    return listeners_need(((mcp_rpc *)state)->listeners, host);
}

static void *open_rpc(mcp_calls *all)
{
    mcp_rpc *state = calloc(1, sizeof *state);
    if (state == NULL)
        return NULL;
    state->calls = all;
    state->listeners = listeners_new(all);
    if (state->listeners == NULL) {
        free(state);
        return NULL;
    }
    all->note = note;
    all->needs = needs;
    all->protocol = state;
    return state;
}

static void handle_line(void *state, const char *line, size_t size)
{
    mcp_rpc *self = state;
    char why[MESSAGE_WHY];
    json_t *message = message_parse(line, size, why);
    if (message == NULL) {
        const rpc_request unknown = {.calls = self->calls};
        rpc_error(&unknown, RPC_PARSE, "the message is no JSON: %s", why);
        return;
    }
    handle_message(self, message);
    json_decref(message);
}

static void handle_too_long(void *state, size_t limit)
{
    const rpc_request unknown = {.calls = ((mcp_rpc *)state)->calls};
    rpc_error(&unknown, RPC_REQUEST, "a message is longer than %zu bytes; send a shorter one",
              limit);
}

static void turn(void *state, int64_t now_ms)
{
    listeners_turn(((mcp_rpc *)state)->listeners, now_ms);
}

static void close_rpc(void *state)
{
    listeners_free(((mcp_rpc *)state)->listeners);
    free(state);
}

const mcp_protocol rpc_protocol = {open_rpc, handle_line, handle_too_long, turn, close_rpc};
