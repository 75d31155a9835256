/* A task of tether as a task of MCP. */
#ifndef TETHER_MCP_RPC_TASK_H
#define TETHER_MCP_RPC_TASK_H

#include <jansson.h>
#include <stdbool.h>

#include "mcp/hosts.h"

/* Returns a task as MCP knows it, from its snapshot's JSON. NULL: memory is short. */
json_t *rpc_task(const mcp_hosts *hosts, const json_t *snapshot, bool modern);

#endif
