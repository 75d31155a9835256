/* Owns the window over a stream: which bytes it keeps, and where lines and whole characters end.
 * Must not: match a pattern, or decide where a match begins.
 * Thread: one at a time per window. */
#include "search/window.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "search/pattern.h"

enum {
    CAPACITY_LIMIT = TETHER__PATTERN_LOOKBACK + TETHER__WINDOW_SIZE + TETHER__WINDOW_CHARACTER +
                     TETHER__WINDOW_PIECE
};

/* In invalid UTF-8, PCRE2 10.42 steps back over continuation bytes without a check for the start
 * of the text. The guards are zeros: they stop it, and are not line ends, which would matter. */
enum { GUARD = 8 };

void tether__window_init(tether__window *window, uint64_t offset, size_t at)
{
    *window = (tether__window){.offset = offset, .at = at};
}

void tether__window_dispose(tether__window *window)
{
    free(window->memory);
    *window = (tether__window){0};
}

void tether__window_move(tether__window *window, size_t at)
{
    window->at = at;
    if (window->scanned < at)
        window->scanned = at;
}

void tether__window_begin_line(tether__window *window, size_t at)
{
    window->line = at;
    window->mid_line = false;
    tether__window_move(window, at);
}

/* Finds the line of the first position, once the bytes before that position have arrived. */
static void start(tether__window *window)
{
    size_t line = window->at;
    while (line > 0 && window->bytes[line - 1] != '\n')
        line--;
    window->line = line;
    window->mid_line = line == 0 && window->offset > 0;
    window->scanned = window->at;
    window->started = true;
}

/* Drops the bytes that no later attempt needs. */
static void drop_old_bytes(tether__window *window)
{
    if (!window->started || window->at <= TETHER__PATTERN_LOOKBACK)
        return;
    size_t drop = window->at - TETHER__PATTERN_LOOKBACK;
    memmove(window->bytes, window->bytes + drop, window->size - drop);
    window->offset += drop;
    window->size -= drop;
    window->at -= drop;
    window->scanned -= drop;
    window->valid_end = window->valid_end > drop ? window->valid_end - drop : 0;
    window->mid_line = window->mid_line || window->line < drop;
    window->line = window->line > drop ? window->line - drop : 0;
}

static bool reserve(tether__window *window, size_t more)
{
    if (window->capacity - window->size >= more)
        return true;
    drop_old_bytes(window);
    if (window->capacity - window->size >= more)
        return true;
    size_t capacity = window->capacity < 8192 ? 8192 : window->capacity;
    while (capacity - window->size < more)
        capacity *= 2;
    /* The bytes that are not decided yet never need more than the limit. */
    if (capacity > CAPACITY_LIMIT)
        capacity = CAPACITY_LIMIT;
    char *memory = realloc(window->memory, GUARD + capacity + GUARD);
    if (memory == NULL)
        return false;
    memset(memory, 0, GUARD);
    memset(memory + GUARD + capacity, 0, GUARD);
    window->memory = memory;
    window->bytes = memory + GUARD;
    window->capacity = capacity;
    assert(window->capacity - window->size >= more);
    return true;
}

bool tether__window_append(tether__window *window, const char *bytes, size_t size)
{
    if (!reserve(window, size))
        return false;
    memcpy(window->bytes + window->size, bytes, size);
    window->size += size;
    if (!window->started && window->size >= window->at)
        start(window);
    return true;
}

bool tether__window_is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t tether__window_before_incomplete(const tether__window *window, size_t end)
{
    size_t at = end;
    while (at > window->at && end - at < 3 && tether__window_is_continuation(window->bytes[at - 1]))
        at--;
    if (at == window->at)
        return end;
    unsigned char lead = (unsigned char)window->bytes[at - 1];
    size_t need = lead < 0xc2 || lead > 0xf4 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    return end - (at - 1) < need ? at - 1 : end;
}

/* PCRE2 would treat the bytes of an incomplete character as invalid instead of waiting for the
 * rest, and would discard a partial match in front of invalid bytes. So the bytes that it gets end
 * in front of both. */
static void find_end(tether__window *window, tether__line_part *part)
{
    if (window->valid_end < window->at)
        window->valid_end = window->at;
    window->valid_end += tether__utf8_valid_size(window->bytes + window->valid_end,
                                                 part->raw_end - window->valid_end);
    part->end = window->valid_end;
    if (part->end < part->raw_end)
        part->end_final = part->line_complete ||
                          tether__window_before_incomplete(window, part->raw_end) != part->end;
}

tether__line_part tether__window_line(tether__window *window, bool last, bool utf8)
{
    tether__line_part part = {.raw_end = window->size, .line_complete = last};
    size_t ahead = window->size - window->scanned;
    const char *newline = ahead > 0 ? memchr(window->bytes + window->scanned, '\n', ahead) : NULL;
    if (newline != NULL) {
        part.raw_end = (size_t)(newline - window->bytes);
        part.line_complete = true;
    }
    window->scanned = part.raw_end;
    part.end = part.raw_end;
    part.end_final = part.line_complete;
    if (utf8)
        find_end(window, &part);
    return part;
}

bool tether__window_is_exceeded(const tether__window *window, const tether__line_part *part)
{
    return part->raw_end - window->at > TETHER__WINDOW_SIZE + TETHER__WINDOW_CHARACTER;
}
