/* Owns the conversion from UTF-8 to UTF-16.
 * Must not: know where the units go.
 * Thread: any; one at a time per state. */
#include "cli/utf16.h"

#include <string.h>

#include "text/utf8.h"

enum { REPLACEMENT = 0xFFFD, FIRST_OF_PAIRS = 0x10000 };

static size_t encode(uint32_t character, uint16_t *units)
{
    if (character < FIRST_OF_PAIRS) {
        units[0] = (uint16_t)character;
        return 1;
    }
    character -= FIRST_OF_PAIRS;
    units[0] = (uint16_t)(0xD800 | character >> 10);
    units[1] = (uint16_t)(0xDC00 | (character & 0x3FF));
    return 2;
}

/* Decodes the first character of what is held back and the bytes behind it, and takes it from both.
 * Returns UTF8_INCOMPLETE, and holds all of it back, if its rest is missing. */
static utf8_result take_character(utf16_state *state, const char *bytes, size_t size, size_t *taken,
                                  uint32_t *character)
{
    unsigned char window[sizeof state->held];
    size_t before = state->held_size, length;
    size_t more = size < sizeof window - before ? size : sizeof window - before;

    memcpy(window, state->held, before);
    memcpy(window + before, bytes, more);
    utf8_result result = utf8_decode(window, before + more, &length, character);
    if (result == UTF8_INCOMPLETE) {
        memcpy(state->held, window, before + more);
        state->held_size = before + more;
        *taken = more;
        return result;
    }
    /* An invalid character may end within what is held back. */
    state->held_size = length < before ? before - length : 0;
    memcpy(state->held, window + length, state->held_size);
    *taken = length > before ? length - before : 0;
    return result;
}

size_t utf16_convert(utf16_state *state, const char *bytes, size_t size, uint16_t *units,
                     size_t room, size_t *taken)
{
    size_t count = 0;

    *taken = 0;
    while (*taken < size && room - count >= 2) {
        uint32_t character = REPLACEMENT;
        size_t part;
        utf8_result result =
            take_character(state, bytes + *taken, size - *taken, &part, &character);

        *taken += part;
        if (result != UTF8_INCOMPLETE)
            count += encode(result == UTF8_VALID ? character : REPLACEMENT, units + count);
    }
    return count;
}

size_t utf16_end(utf16_state *state, uint16_t units[1])
{
    if (state->held_size == 0)
        return 0;
    state->held_size = 0;
    units[0] = REPLACEMENT;
    return 1;
}
