/* The methods of MCP about resources: records and outputs of tasks. */
#ifndef TETHER_MCP_RPC_RESOURCES_H
#define TETHER_MCP_RPC_RESOURCES_H

#include "mcp/rpc_reply.h"

void rpc_resources_list(const rpc_request *request);
void rpc_resources_templates(const rpc_request *request);
void rpc_resources_read(const rpc_request *request);

/* Fails as for a resource that there is not. */
void rpc_resources_unknown(const rpc_request *request, const char *uri, const tether_error *error);

#endif
