/* Owns the form of what is sent in JSON-RPC.
 * Must not: know what a method does.
 * Thread: the main one. */
#include "mcp/rpc_reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mcp/reply.h"

void rpc_result(const rpc_request *request, json_t *result)
{
    if (result == NULL) {
        rpc_error(request, RPC_INTERNAL, "memory is short; try again when less is running");
        return;
    }
    if (request->modern && json_object_get(result, "resultType") == NULL)
        json_object_set_new(result, "resultType", json_string("complete"));
    outlet_put(&request->calls->out,
               json_pack("{s:s, s:O, s:o}", "jsonrpc", "2.0", "id", request->id, "result", result));
}

/* Without an id if the request has shown none: no version of MCP has null there. */
void rpc_error_with(const rpc_request *request, int code, const char *message, json_t *data)
{
    json_t *error =
        json_pack("{s:i, s:o}", "code", code, "message", reply_bytes(message, strlen(message)));
    json_t *answer = json_pack("{s:s, s:o}", "jsonrpc", "2.0", "error", error);
    if (data != NULL)
        json_object_set_new(error, "data", data);
    if (request->id != NULL)
        json_object_set(answer, "id", request->id);
    outlet_put(&request->calls->out, answer);
}

void rpc_error(const rpc_request *request, int code, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    rpc_error_with(request, code, message, NULL);
}

void rpc_fail(const rpc_request *request, int code, const tether_error *error)
{
    rpc_error_with(request, code, error->message, reply_error(error));
}

void rpc_notice(mcp_calls *calls, const char *method, json_t *params)
{
    if (params != NULL)
        outlet_put(&calls->out, json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method,
                                          "params", params));
}

const char *rpc_param(const rpc_request *request, const char *name)
{
    return json_string_value(json_object_get(request->params, name));
}
