/* Owns texts that grow.
 * Must not: interpret them.
 * Thread: one at a time per object. */
#include "mcp/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(mcp_buffer *to, size_t size)
{
    size_t room = to->room > 0 ? to->room : 256;
    while (room - to->used <= size)
        room *= 2;
    if (room == to->room)
        return true;
    char *grown = realloc(to->bytes, room);
    if (grown == NULL)
        return false;
    to->bytes = grown;
    to->room = room;
    return true;
}

void buffer_add(mcp_buffer *to, const char *bytes, size_t size)
{
    if (to->failed || !make_room(to, size)) {
        to->failed = true;
        return;
    }
    if (size > 0)
        memcpy(to->bytes + to->used, bytes, size);
    to->used += size;
    to->bytes[to->used] = '\0';
}

void buffer_text(mcp_buffer *to, const char *text)
{
    buffer_add(to, text, strlen(text));
}

void buffer_format(mcp_buffer *to, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        buffer_add(to, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

void buffer_dispose(mcp_buffer *to)
{
    free(to->bytes);
    *to = (mcp_buffer){0};
}
