/* A text that grows. One thread at a time per object. */
#ifndef TETHER_MCP_BUFFER_H
#define TETHER_MCP_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* All zero at the start. After a failure nothing is added any more. */
typedef struct mcp_buffer {
    char *bytes; /* a terminating zero follows; NULL: nothing was added */
    size_t used, room;
    bool failed; /* memory was short */
} mcp_buffer;

void buffer_add(mcp_buffer *to, const char *bytes, size_t size);
void buffer_text(mcp_buffer *to, const char *text);
void buffer_format(mcp_buffer *to, const char *format, ...);
void buffer_dispose(mcp_buffer *to);

#endif
