/* A request of JSON-RPC, and the messages that answer it. */
#ifndef TETHER_MCP_RPC_REPLY_H
#define TETHER_MCP_RPC_REPLY_H

#include <jansson.h>
#include <stdbool.h>

#include "mcp/calls.h"

enum {
    RPC_PARSE = -32700,
    RPC_REQUEST = -32600,
    RPC_METHOD = -32601,
    RPC_PARAMS = -32602,
    RPC_INTERNAL = -32603,
    RPC_NO_RESOURCE = -32002, /* legacy */
    RPC_CAPABILITY = -32021,  /* modern */
    RPC_VERSION = -32022      /* modern */
};

/* The version without a handshake, and the latest one with. */
#define RPC_MODERN "2026-07-28"
#define RPC_LEGACY "2025-11-25"
#define RPC_OLDER "2025-06-18"

/* A request while it is handled. */
typedef struct rpc_request {
    mcp_calls *calls;
    struct rpc_listeners *listeners; /* what the client has subscribed to */
    json_t *id;
    const char *method;
    json_t *params; /* NULL: none */
    json_t *meta;   /* _meta of the parameters; NULL: none */
    bool modern;
    bool tasks; /* a modern client that knows tasks */
} rpc_request;

/* Answer a request. rpc_result takes the result; with NULL it fails as rpc_error does. */
void rpc_result(const rpc_request *request, json_t *result);
void rpc_error(const rpc_request *request, int code, const char *format, ...);

/* Does the same with data. Takes it. */
void rpc_error_with(const rpc_request *request, int code, const char *message, json_t *data);

/* Fails with an error of the library. */
void rpc_fail(const rpc_request *request, int code, const tether_error *error);

/* Sends a notice. Takes the parameters. */
void rpc_notice(mcp_calls *calls, const char *method, json_t *params);

/* Returns a text of the parameters; NULL: there is none. */
const char *rpc_param(const rpc_request *request, const char *name);

#endif
