/* What a protocol does for the loop of a server. */
#ifndef TETHER_MCP_PROTOCOL_H
#define TETHER_MCP_PROTOCOL_H

#include <stddef.h>

#include "mcp/calls.h"

typedef struct mcp_protocol {
    /* Makes the state of the protocol. NULL: memory is short. */
    void *(*open)(mcp_calls *all);
    /* Handles a line of input. */
    void (*line)(void *state, const char *line, size_t size);
    /* A line is longer than the limit, and was thrown away. */
    void (*too_long)(void *state, size_t limit);
    /* Something may have happened, or a second has passed. NULL: wants nothing. */
    void (*turn)(void *state, int64_t now_ms);
    void (*close)(void *state);
} mcp_protocol;

#endif
