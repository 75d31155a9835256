/* The methods of MCP about its tasks: those of 2025-11-25, and the extension of the modern era. */
#ifndef TETHER_MCP_RPC_TASKS_H
#define TETHER_MCP_RPC_TASKS_H

#include "mcp/rpc_reply.h"

/* Returns a task with its result, if it has one, as tasks/get answers in the modern era. NULL:
 * there is none. */
json_t *rpc_task_detailed(mcp_calls *calls, mcp_host *host, const char *task_id);

void rpc_tasks_get(const rpc_request *request);
void rpc_tasks_result(const rpc_request *request);
void rpc_tasks_list(const rpc_request *request);
void rpc_tasks_cancel(const rpc_request *request);
void rpc_tasks_update(const rpc_request *request);

/* Fails with the code for a client that does not know tasks. Returns whether it does. */
bool rpc_tasks_known(const rpc_request *request);

#endif
