/* Owns decoding UTF-8.
 * Must not: know what the characters mean.
 * Thread: any; pure functions. */
#include "text/utf8.h"

#include <stdbool.h>

/* The lead bytes first to last start a character of this length, whose second byte is low to high.
 * That range excludes overlong forms, surrogates and values past U+10FFFF (Unicode, table 3-7). */
typedef struct utf8_form {
    unsigned char first, last, length, low, high;
} utf8_form;

static const utf8_form utf8_forms[] = {
    {0x00, 0x7F, 1, 0x00, 0x00}, {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF}, {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF}, {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F},
};

static uint32_t value_of(const unsigned char *bytes, size_t length)
{
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t value = bytes[0] & masks[length];
    size_t i;

    for (i = 1; i < length; i++)
        value = value << 6 | (bytes[i] & 0x3F);
    return value;
}

utf8_result utf8_decode(const unsigned char *bytes, size_t size, size_t *length,
                        uint32_t *character)
{
    size_t form, i;

    *length = 1;
    for (form = 0; form < sizeof utf8_forms / sizeof utf8_forms[0]; form++) {
        const utf8_form *f = &utf8_forms[form];

        if (bytes[0] < f->first || bytes[0] > f->last)
            continue;
        for (i = 1; i < f->length; i++) {
            unsigned char low = i == 1 ? f->low : 0x80, high = i == 1 ? f->high : 0xBF;

            *length = i;
            if (i == size)
                return UTF8_INCOMPLETE;
            if (bytes[i] < low || bytes[i] > high)
                return UTF8_INVALID;
        }
        *length = f->length;
        if (character != NULL)
            *character = value_of(bytes, f->length);
        return UTF8_VALID;
    }
    return UTF8_INVALID;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

size_t utf8_incomplete_end(const char *bytes, size_t size)
{
    size_t back;

    for (back = 1; back <= 3 && back <= size; back++) {
        unsigned char byte = (unsigned char)bytes[size - back];
        size_t need = 1;

        if (byte >= 0xC2 && byte <= 0xF4)
            need = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
        if (!is_continuation(bytes[size - back]))
            return need > back ? back : 0;
    }
    return 0;
}

size_t utf8_continued_start(const char *bytes, size_t size)
{
    size_t skip = 0;

    while (skip < size && skip < 4 && is_continuation(bytes[skip]))
        skip++;
    return skip < 4 ? skip : 0;
}

size_t utf8_of_character(uint32_t character, char bytes[UTF8_MOST])
{
    char *to = bytes;

    if (character < 0x80) {
        *to++ = (char)character;
    } else if (character < 0x800) {
        *to++ = (char)(0xC0 | character >> 6);
        *to++ = (char)(0x80 | (character & 0x3F));
    } else if (character < 0x10000) {
        *to++ = (char)(0xE0 | character >> 12);
        *to++ = (char)(0x80 | (character >> 6 & 0x3F));
        *to++ = (char)(0x80 | (character & 0x3F));
    } else {
        *to++ = (char)(0xF0 | character >> 18);
        *to++ = (char)(0x80 | (character >> 12 & 0x3F));
        *to++ = (char)(0x80 | (character >> 6 & 0x3F));
        *to++ = (char)(0x80 | (character & 0x3F));
    }
    return (size_t)(to - bytes);
}
