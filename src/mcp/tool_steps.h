/* The first step of each tool, for the table. */
#ifndef TETHER_MCP_TOOL_STEPS_H
#define TETHER_MCP_TOOL_STEPS_H

#include "mcp/call.h"

call_step tool_run;
call_step tool_wait;
call_step tool_watch;
call_step tool_list;
call_step tool_status;
call_step tool_output;
call_step tool_input;
call_step tool_kill;
call_step tool_pause;
call_step tool_resume;
call_step tool_completions;
call_step tool_ack;

#endif
