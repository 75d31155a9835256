/* The table of the tools. */
#ifndef TETHER_MCP_TOOL_TABLE_H
#define TETHER_MCP_TOOL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "mcp/tool.h"

/* What a client may give as an argument. */
typedef enum tool_type {
    TYPE_TEXT,
    TYPE_TEXTS,
    TYPE_FLAG,
    TYPE_NUMBER,    /* 0 or more */
    TYPE_COUNT,     /* 1 or more */
    TYPE_VARIABLES, /* an object of texts and nulls */
    TYPE_STREAM,
    TYPE_MODE,
    TYPE_STATES
} tool_type;

typedef struct tool_argument {
    const char *name; /* NULL: the end */
    tool_type type;
    bool needed;
    const char *description;
} tool_argument;

extern mcp_tool tool_table[];
extern const size_t tool_table_count;

#endif
