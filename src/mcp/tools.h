/* The tools: what a client can call, in any protocol. */
#ifndef TETHER_MCP_TOOLS_H
#define TETHER_MCP_TOOLS_H

#include <jansson.h>
#include <stdbool.h>

#include "mcp/call.h"
#include "mcp/tool.h"

/* Prepares the table. Returns false if memory is short. */
bool tools_open(void);
void tools_close(void);

/* Finds a tool by its name. NULL: there is none, or the policy does not permit it. */
const mcp_tool *tools_find(const mcp_policy *policy, const char *name);

/* Returns the tools as MCP lists them, always in the same order. NULL: memory is short. */
json_t *tools_list(const mcp_policy *policy);

/* Begins a call: checks its arguments, opens its session, and takes its first step. */
int tools_begin(mcp_call *call, mcp_hosts *hosts, mcp_result *result, tether_error *error);

/* The longest time for which a call waits, and for which it does if nothing is said: clients give
 * up after a minute. */
enum { WAIT_MOST_MS = 3600 * 1000, WAIT_DEFAULT_MS = 50 * 1000 };

#endif
