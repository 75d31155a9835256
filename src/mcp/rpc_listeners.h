/* What a client of MCP has subscribed to: resources, and in the modern era tasks. */
#ifndef TETHER_MCP_RPC_LISTENERS_H
#define TETHER_MCP_RPC_LISTENERS_H

#include "mcp/rpc_reply.h"

typedef struct rpc_listeners rpc_listeners;

/* NULL: memory is short. */
rpc_listeners *listeners_new(mcp_calls *calls);
void listeners_free(rpc_listeners *all);

void rpc_resources_subscribe(const rpc_request *request);
void rpc_resources_unsubscribe(const rpc_request *request);
void rpc_subscriptions_listen(const rpc_request *request);

/* Whether a request is a stream that is open. */
bool listeners_have(const rpc_listeners *all, const json_t *id);

/* Ends such a stream. */
void listeners_cancel(rpc_listeners *all, const json_t *id);

/* Tells what has changed. */
void listeners_turn(rpc_listeners *all, int64_t now_ms);

/* Notes an event: what it concerns is told with the next turn. */
void listeners_note(rpc_listeners *all, const mcp_host *host, const tether_event *event);

/* Whether somebody listens to a session. */
bool listeners_need(const rpc_listeners *all, const mcp_host *host);

#endif
