/* Owns cutting input into lines of bounded size.
 * Must not: interpret them, or hold more than one line and one piece.
 * Thread: one at a time per object. */
#include "mcp/inlet.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_ROOM = 64 * 1024 };

/* Moves what is left to the front, and gives back what only a long line needed. */
static void close_up(mcp_inlet *in)
{
    if (in->begin == 0)
        return;
    in->used -= in->begin;
    in->scanned -= in->begin;
    memmove(in->bytes, in->bytes + in->begin, in->used);
    in->begin = 0;
    if (in->used == 0 && in->room > KEPT_ROOM) {
        free(in->bytes);
        in->bytes = NULL;
        in->room = 0;
    }
}

bool inlet_feed(mcp_inlet *in, const char *bytes, size_t size)
{
    close_up(in);
    if (in->room - in->used < size) {
        size_t room = in->room > 0 ? in->room : KEPT_ROOM / 4;
        while (room - in->used < size)
            room *= 2;
        char *grown = realloc(in->bytes, room);
        if (grown == NULL)
            return false;
        in->bytes = grown;
        in->room = room;
    }
    if (size > 0)
        memcpy(in->bytes + in->used, bytes, size);
    in->used += size;
    return true;
}

/* There is no line end yet. */
static inlet_result judge_unfinished(mcp_inlet *in)
{
    in->scanned = in->used;
    if (in->skipping || in->used - in->begin > in->limit) {
        bool told = in->skipping;
        in->skipping = true;
        in->begin = in->used;
        return told ? INLET_NOTHING : INLET_TOO_LONG;
    }
    return INLET_NOTHING;
}

inlet_result inlet_next(mcp_inlet *in, const char **line, size_t *size)
{
    while (in->used > in->begin) {
        char *from = in->bytes + in->scanned;
        char *end = memchr(from, '\n', in->used - in->scanned);
        if (end == NULL)
            return judge_unfinished(in);
        *line = in->bytes + in->begin;
        *size = (size_t)(end - *line);
        in->begin = in->scanned = (size_t)(end - in->bytes) + 1;
        bool skipped = in->skipping;
        in->skipping = false;
        if (skipped)
            continue;
        if (*size > in->limit)
            return INLET_TOO_LONG;
        if (*size > 0 && (*line)[*size - 1] == '\r')
            --*size;
        if (*size > 0)
            return INLET_LINE;
    }
    return INLET_NOTHING;
}

void inlet_dispose(mcp_inlet *in)
{
    free(in->bytes);
    *in = (mcp_inlet){.limit = in->limit};
}
