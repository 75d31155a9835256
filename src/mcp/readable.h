/* Makes output readable: without escape sequences, and of redrawn lines the last state only. Pure.
 */
#ifndef TETHER_MCP_READABLE_H
#define TETHER_MCP_READABLE_H

#include <stddef.h>

#include "mcp/buffer.h"

/* Adds the bytes without escape sequences. */
void readable_strip(mcp_buffer *to, const char *bytes, size_t size);

/* Adds the readable form of the bytes. */
void readable_add(mcp_buffer *to, const char *bytes, size_t size);

#endif
