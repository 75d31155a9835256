/* The tools: what a client can call, in any protocol. */
#ifndef TETHER_MCP_TOOLS_H
#define TETHER_MCP_TOOLS_H

#include <jansson.h>
#include <stdbool.h>

#include "mcp/call.h"

typedef enum tool_kind {
    TOOL_READS,   /* changes nothing */
    TOOL_ADDS,    /* adds something */
    TOOL_CHANGES, /* changes something; twice is as once */
    TOOL_DESTROYS /* ends something; twice is as once */
} tool_kind;

typedef struct mcp_tool {
    const char *name;
    const char *title;
    tool_kind kind;
    const char *description;
    const struct tool_argument *arguments;
    call_step *begin;
    json_t *schema; /* of the arguments; NULL: they are not checked */
} mcp_tool;

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
