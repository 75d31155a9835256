/* Owns what a reader sees of output that was made for a terminal.
 * Must not: be a terminal: sequences that move the cursor are left out, not obeyed.
 * Thread: any; pure functions. */
#include "mcp/readable.h"

#include <stdbool.h>
#include <stdlib.h>

#include "text/frames.h"

enum { ESCAPE = 0x1b, BELL = 0x07, BACKSPACE = 0x08 };

/* Returns the length of the text of a command (OSC, DCS, PM, APC, SOS), which ST or a bell ends. */
static size_t skip_command(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == BELL)
            return i + 1;
        if (bytes[i] == ESCAPE)
            return i + 1 < size && bytes[i + 1] == '\\' ? i + 2 : i;
    }
    return size;
}

/* Returns the length of the escape sequence at the start, ECMA-48. */
static size_t skip_sequence(const char *bytes, size_t size)
{
    size_t at = 2;
    if (size < 2)
        return size;
    switch (bytes[1]) {
    case '[':
        while (at < size && bytes[at] >= 0x20 && bytes[at] <= 0x3f)
            at++;
        return at < size && bytes[at] >= 0x40 && bytes[at] <= 0x7e ? at + 1 : at;
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_':
        return at + skip_command(bytes + at, size - at);
    default:
        at = 1;
        while (at < size && bytes[at] >= 0x20 && bytes[at] <= 0x2f)
            at++;
        return at < size && bytes[at] >= 0x30 && bytes[at] <= 0x7e ? at + 1 : at;
    }
}

/* Takes back the last character of the line, as for a bold or underlined one. */
static void take_back(mcp_buffer *to, size_t begin)
{
    while (to->used > begin && ((unsigned char)to->bytes[to->used - 1] & 0xc0) == 0x80)
        to->used--;
    if (to->used > begin && to->bytes[to->used - 1] != '\n')
        to->used--;
}

void readable_strip(mcp_buffer *to, const char *bytes, size_t size)
{
    size_t begin = to->used;
    for (size_t i = 0; i < size;) {
        char c = bytes[i];
        if (c == ESCAPE) {
            i += skip_sequence(bytes + i, size - i);
            continue;
        }
        if (c == BACKSPACE)
            take_back(to, begin);
        else if (c == '\n' || c == '\t' || c == '\r' || (unsigned char)c >= 0x20)
            buffer_add(to, &c, 1);
        i++;
    }
}

static void put(void *userdata, const char *bytes, size_t size)
{
    mcp_buffer *to = userdata;
    size_t line_end = size > 1 && bytes[size - 1] == '\n' && bytes[size - 2] == '\r' ? 2 : 0;
    buffer_add(to, bytes, size - line_end);
    if (line_end > 0)
        buffer_add(to, "\n", 1);
}

void readable_add(mcp_buffer *to, const char *bytes, size_t size)
{
    mcp_buffer plain = {0};
    frames *lines = calloc(1, sizeof *lines);
    if (lines == NULL) {
        to->failed = true;
        return;
    }
    readable_strip(&plain, bytes, size);
    lines->put = put;
    lines->userdata = to;
    if (plain.used > 0)
        frames_feed(lines, plain.bytes, plain.used);
    frames_end(lines);
    to->failed = to->failed || plain.failed;
    buffer_dispose(&plain);
    free(lines);
}
