/* Owns: turning bytes into JSON strings and into text that a terminal can show without harm.
 * Must not: know what the bytes mean, or hold more than one character of them.
 * Runs on: the main thread. */
#include "cli/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"

typedef enum utf8_result { UTF8_GOOD, UTF8_BAD, UTF8_SHORT } utf8_result;

/* How a lead byte continues: how many bytes, and the range of the second, which is where overlong
 * forms, surrogates and values past U+10FFFF are told apart (Unicode, table 3-7). */
typedef struct utf8_form {
    unsigned char first, last, length, low, high;
} utf8_form;

static const utf8_form utf8_forms[] = {
    {0x00, 0x7F, 1, 0x00, 0x00}, {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF}, {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF}, {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F},
};

/* Looks at the first character of size > 0 bytes. *length is its length, or for UTF8_BAD how many
 * bytes to replace by one U+FFFD. */
static utf8_result utf8_look(const unsigned char *bytes, size_t size, size_t *length)
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
                return UTF8_SHORT;
            if (bytes[i] < low || bytes[i] > high)
                return UTF8_BAD;
        }
        *length = f->length;
        return UTF8_GOOD;
    }
    return UTF8_BAD;
}

/* Whether a byte is a character that stands for itself in JSON. */
static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

/* One character that is known to be good. */
static void json_character(cli_stream *stream, const unsigned char *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    char escape[6] = {'\\', 'u', '0', '0', '0', '0'};

    if (length > 1 || is_plain(bytes[0])) {
        stream_write(stream, bytes, length);
    } else if (bytes[0] == '"' || bytes[0] == '\\') {
        escape[1] = (char)bytes[0];
        stream_write(stream, escape, 2);
    } else if (bytes[0] == '\n') {
        stream_write(stream, "\\n", 2);
    } else if (bytes[0] == '\t') {
        stream_write(stream, "\\t", 2);
    } else {
        escape[4] = digits[bytes[0] >> 4];
        escape[5] = digits[bytes[0] & 0x0F];
        stream_write(stream, escape, sizeof escape);
    }
}

/* Completes the character that the last piece began; returns how many bytes of this one it took. */
static size_t json_held(cli_stream *stream, escape_state *state, const unsigned char *bytes,
                        size_t size)
{
    size_t taken = 0, length;

    while (state->held_count > 0) {
        utf8_result result = utf8_look(state->held, state->held_count, &length);

        if (result == UTF8_SHORT) {
            if (taken == size)
                return taken;
            state->held[state->held_count++] = bytes[taken++];
            continue;
        }
        if (result == UTF8_GOOD)
            json_character(stream, state->held, length);
        else
            stream_text(stream, REPLACEMENT);
        /* Only the byte added last can be left: it is looked at again as the start of a character.
         */
        taken -= state->held_count - length;
        state->held_count = 0;
    }
    return taken;
}

void escape_json_part(cli_stream *stream, escape_state *state, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    size_t i = json_held(stream, state, at, size);

    while (i < size) {
        size_t length = 0;

        /* Most output is plain text: a run of it goes out in one piece. */
        while (i + length < size && is_plain(at[i + length]))
            length++;
        if (length > 0) {
            stream_write(stream, at + i, length);
            i += length;
            continue;
        }
        switch (utf8_look(at + i, size - i, &length)) {
        case UTF8_GOOD:
            json_character(stream, at + i, length);
            break;
        case UTF8_BAD:
            stream_text(stream, REPLACEMENT);
            break;
        case UTF8_SHORT:
            memcpy(state->held, at + i, length);
            state->held_count = length;
            break;
        }
        i += length;
    }
}

void escape_json_end(cli_stream *stream, escape_state *state)
{
    if (state->held_count > 0)
        stream_text(stream, REPLACEMENT);
    state->held_count = 0;
}

void escape_json_bytes(cli_stream *stream, const char *bytes, size_t size)
{
    escape_state state = {{0}, 0};

    stream_text(stream, "\"");
    escape_json_part(stream, &state, bytes, size);
    escape_json_end(stream, &state);
    stream_text(stream, "\"");
}

void escape_json_string(cli_stream *stream, const char *text)
{
    if (text != NULL)
        escape_json_bytes(stream, text, strlen(text));
    else
        stream_text(stream, "null");
}

/* Whether a good character would move the cursor, start an escape sequence or reorder the line:
 * C0, DEL, C1, the separators U+2028 and U+2029 and the bidirectional controls. */
static bool is_harmful(const unsigned char *bytes, size_t length)
{
    if (length == 1)
        return bytes[0] < 0x20 || bytes[0] == 0x7F;
    if (length == 2)
        return bytes[0] == 0xC2 && bytes[1] < 0xA0;
    if (length == 3 && bytes[0] == 0xE2 && bytes[1] == 0x80)
        return bytes[2] >= 0xA8 && bytes[2] <= 0xAE;
    return length == 3 && bytes[0] == 0xE2 && bytes[1] == 0x81 && bytes[2] >= 0xA6 &&
           bytes[2] <= 0xA9;
}

/* Shows one character and returns its length. A tab is a blank, so that columns stay columns. */
static size_t safe_character(cli_stream *stream, const unsigned char *bytes, size_t size)
{
    size_t length;
    utf8_result result = utf8_look(bytes, size, &length);

    if (result != UTF8_GOOD || (bytes[0] != '\t' && is_harmful(bytes, length)))
        stream_text(stream, "?");
    else if (bytes[0] == '\t')
        stream_text(stream, " ");
    else
        stream_write(stream, bytes, length);
    return length;
}

void escape_terminal_bytes(cli_stream *stream, const char *bytes, size_t size)
{
    size_t i = 0;

    while (i < size)
        i += safe_character(stream, (const unsigned char *)bytes + i, size - i);
}

void escape_terminal(cli_stream *stream, const char *text)
{
    escape_terminal_bytes(stream, text, strlen(text));
}

/* How many bytes the first so many characters take. A character counts as one column: a wide one
 * makes the line longer, and nothing worse. */
static size_t cut_at(const char *text, size_t size, size_t columns)
{
    size_t i = 0;

    while (i < size && columns-- > 0) {
        size_t length;

        utf8_look((const unsigned char *)text + i, size - i, &length);
        i += length;
    }
    return i;
}

void escape_first_line(cli_stream *stream, const char *text, size_t columns)
{
    size_t size;
    bool more;

    text += strspn(text, " \t\r\n");
    size = strcspn(text, "\r\n");
    more = text[size + strspn(text + size, " \t\r\n")] != '\0';
    if (more || cut_at(text, size, columns) < size) {
        escape_terminal_bytes(stream, text, cut_at(text, size, columns > 4 ? columns - 4 : 0));
        stream_text(stream, " ...");
    } else {
        escape_terminal_bytes(stream, text, size);
    }
}

void escape_block(cli_stream *stream, const char *text, const char *indent)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        /* The carriage return of a CRLF is an end of line too; alone, it is a control character. */
        size_t shown = size > 0 && text[size - 1] == '\r' ? size - 1 : size;

        stream_text(stream, indent);
        escape_terminal_bytes(stream, text, shown);
        stream_text(stream, "\n");
        text += size;
        if (*text == '\n')
            text++;
    }
}
