/* One tool. */
#ifndef TETHER_MCP_TOOL_H
#define TETHER_MCP_TOOL_H

#include <jansson.h>

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
    const struct tool_answer *answer;
    json_t *schema; /* of the arguments; NULL: they are not checked */
    json_t *answer_schema;
} mcp_tool;

#endif
