/* Owns the validation, repair and cutting of UTF-8.
 * Must not: know what the text is for.
 * Thread: any. */
#include "base/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Returns the size in bytes of the character at the start of bytes, or 0 if there is no well-formed
 * character. Follows table 3-7 of the Unicode standard. */
static size_t character_size(const char *bytes, size_t size)
{
    unsigned char lead = (unsigned char)bytes[0];
    if (lead < 0x80)
        return 1;
    size_t need = lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : 4;
    if (lead < 0xc2 || lead > 0xf4 || size < need)
        return 0;
    for (size_t i = 1; i < need; i++) {
        if (!is_continuation(bytes[i]))
            return 0;
    }
    unsigned char second = (unsigned char)bytes[1];
    bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    bool outside = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
    return overlong || outside ? 0 : need;
}

size_t tether__utf8_valid_size(const char *bytes, size_t size)
{
    size_t valid = 0;
    while (valid < size) {
        size_t step = character_size(bytes + valid, size - valid);
        if (step == 0)
            break;
        valid += step;
    }
    return valid;
}

bool tether__utf8_valid(const char *bytes, size_t size)
{
    return tether__utf8_valid_size(bytes, size) == size;
}

static char *copy(const char *bytes, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        return NULL;
    memcpy(text, bytes, size);
    text[size] = '\0';
    return text;
}

char *tether__utf8_repair(const char *bytes, size_t size)
{
    if (size > (SIZE_MAX - 1) / 3)
        return NULL;
    if (memchr(bytes, '\0', size) == NULL && tether__utf8_valid(bytes, size))
        return copy(bytes, size); /* as nearly all texts */
    char *text = malloc(3 * size + 1);
    if (text == NULL)
        return NULL;
    size_t length = 0;
    for (size_t i = 0; i < size;) {
        size_t step = character_size(bytes + i, size - i);
        if (step == 0 || bytes[i] == '\0') {
            memcpy(text + length, "\xef\xbf\xbd", 3);
            length += 3;
            i++;
        } else {
            memcpy(text + length, bytes + i, step);
            length += step;
            i += step;
        }
    }
    text[length] = '\0';
    char *exact = realloc(text, length + 1);
    return exact != NULL ? exact : text;
}

bool tether__utf8_set(char **text, const char *value)
{
    char *copy = value != NULL ? tether__utf8_repair(value, strlen(value)) : NULL;
    if (value != NULL && copy == NULL)
        return false;
    free(*text);
    *text = copy;
    return true;
}

size_t tether__utf8_skip_tail(const char *bytes, size_t size)
{
    size_t skip = 0;
    while (skip < size && skip < 3 && is_continuation(bytes[skip]))
        skip++;
    /* Four continuation bytes in a row cannot be the rest of one character. */
    return skip < size && is_continuation(bytes[skip]) ? 0 : skip;
}

size_t tether__utf8_cut(const char *bytes, size_t size, size_t limit)
{
    if (size <= limit)
        return size;
    for (size_t back = 0; back < 4 && back <= limit; back++) {
        size_t start = limit - back;
        if (!is_continuation(bytes[start]))
            return start;
    }
    return limit;
}
