/* The protocol of plain lines of JSON: a request, its answer, and events in between. */
#ifndef TETHER_MCP_JSONL_H
#define TETHER_MCP_JSONL_H

#include "mcp/protocol.h"

extern const mcp_protocol jsonl_protocol;

#endif
