/* Owns taking a stream apart into lines.
 * Must not: know what the lines mean, or hold more than one of them.
 * Thread: one at a time per stream. */
#include "base/lines.h"

#include <string.h>

/* Keeps a piece of a line that goes on. */
static void keep(tether__lines *lines, const char *bytes, size_t size)
{
    if (lines->too_long)
        return;
    if (size > lines->limit - lines->begun.size) {
        lines->too_long = true;
        tether__text_dispose(&lines->begun);
        return;
    }
    tether__text_add(&lines->begun, bytes, size);
}

static void forget(tether__lines *lines)
{
    lines->begun.size = 0;
    lines->too_long = false;
}

/* Hands out the line that the given bytes complete. Most lines come in one piece and are not
 * copied. */
static void complete(tether__lines *lines, const char *bytes, size_t size,
                     tether__line_visitor *visit, void *context)
{
    tether__line line = {.offset = lines->begin, .text = bytes, .size = size};
    if (lines->begun.size > 0) {
        keep(lines, bytes, size);
        if (lines->begun.failed)
            return;
        line.text = lines->begun.bytes;
        line.size = lines->begun.size;
    }
    if (lines->too_long || size > lines->limit) {
        line.text = NULL;
        line.size = 0;
    }
    visit(context, &line);
    forget(lines);
}

bool tether__lines_feed(tether__lines *lines, const char *bytes, size_t size,
                        tether__line_visitor *visit, void *context)
{
    while (size > 0 && !lines->begun.failed) {
        const char *newline = memchr(bytes, '\n', size);
        size_t length = newline != NULL ? (size_t)(newline - bytes) : size;
        size_t used = newline != NULL ? length + 1 : length;
        if (newline == NULL)
            keep(lines, bytes, length);
        else
            complete(lines, bytes, length, visit, context);
        if (lines->begun.failed)
            break;
        lines->next += used;
        if (newline != NULL)
            lines->begin = lines->next;
        bytes += used;
        size -= used;
    }
    return !lines->begun.failed;
}

void tether__lines_reset(tether__lines *lines)
{
    tether__text_dispose(&lines->begun);
    lines->too_long = false;
    lines->next = lines->begin;
}

bool tether__lines_torn(const tether__lines *lines)
{
    return lines->next > lines->begin;
}

void tether__lines_dispose(tether__lines *lines)
{
    tether__text_dispose(&lines->begun);
}
