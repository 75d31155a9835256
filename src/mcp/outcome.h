/* How a task stands: its snapshot and the end of its output, as tools and tasks answer it. */
#ifndef TETHER_MCP_OUTCOME_H
#define TETHER_MCP_OUTCOME_H

#include "mcp/call.h"
#include "tether.h"

/* Answers with a task and the end of its output. Returns a code. */
int outcome_answer(mcp_host *host, const tether_snapshot *snapshot, bool readable,
                   mcp_result *result, tether_error *error);

#endif
