/* The methods of MCP about the server itself. */
#ifndef TETHER_MCP_RPC_SERVER_H
#define TETHER_MCP_RPC_SERVER_H

#include "mcp/rpc_reply.h"

void rpc_server_initialize(const rpc_request *request);
void rpc_server_ping(const rpc_request *request);
void rpc_server_discover(const rpc_request *request);

#endif
