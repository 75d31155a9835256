/* The methods of MCP about tools. */
#ifndef TETHER_MCP_RPC_TOOLS_H
#define TETHER_MCP_RPC_TOOLS_H

#include "mcp/rpc_reply.h"
#include "mcp/tool.h"

void rpc_tools_list(const rpc_request *request);
void rpc_tools_call(const rpc_request *request);

/* Begins a call for a request, which `answer` will answer. Takes the arguments; NULL: memory is
 * short. progress NULL: the client is told of none. */
void rpc_tools_begin(const rpc_request *request, const mcp_tool *tool, json_t *arguments,
                     call_answer *answer, call_progress *progress);

/* Returns what a tool has answered as a result of tools/call. NULL: memory is short. */
json_t *rpc_tools_result(const mcp_result *result, const tether_error *error);

/* The same as the result of a task of MCP: a command that failed is an error there. */
json_t *rpc_tools_outcome(const mcp_result *result, const tether_error *error);

#endif
