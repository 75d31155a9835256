/* JSON-RPC for MCP, the eras with a handshake (2025-06-18, 2025-11-25) and without (2026-07-28),
 * which each request shows. */
#ifndef TETHER_MCP_RPC_H
#define TETHER_MCP_RPC_H

#include "mcp/protocol.h"

extern const mcp_protocol rpc_protocol;

#endif
