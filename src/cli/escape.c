/* Owns escaping bytes for JSON strings and for terminals.
 * Must not: know what the bytes mean, or buffer more than one character of them.
 * Thread: the one that writes to the stream. */
#include "cli/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"

typedef enum utf8_result { UTF8_VALID, UTF8_INVALID, UTF8_INCOMPLETE } utf8_result;

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

/* Decodes the first character of size > 0 bytes. Sets *length to its length; for UTF8_INVALID to
 * the number of bytes that one U+FFFD replaces; for UTF8_INCOMPLETE to size. */
static utf8_result utf8_decode(const unsigned char *bytes, size_t size, size_t *length)
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
        return UTF8_VALID;
    }
    return UTF8_INVALID;
}

/* Returns true for an ASCII character that JSON does not escape. */
static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

/* Writes one valid character, escaped if necessary. */
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

/* Completes the character that the previous piece began. Returns how many bytes of this piece it
 * consumed. */
static size_t json_finish_held(cli_stream *stream, escape_state *state, const unsigned char *bytes,
                               size_t size)
{
    size_t taken = 0, length;

    while (state->held_count > 0) {
        utf8_result result = utf8_decode(state->held, state->held_count, &length);

        if (result == UTF8_INCOMPLETE) {
            if (taken == size)
                return taken;
            state->held[state->held_count++] = bytes[taken++];
            continue;
        }
        if (result == UTF8_VALID)
            json_character(stream, state->held, length);
        else
            stream_text(stream, REPLACEMENT);
        /* If the sequence is invalid, the byte added last may start the next character: it does not
         * count as consumed. */
        taken -= state->held_count - length;
        state->held_count = 0;
    }
    return taken;
}

void escape_json_part(cli_stream *stream, escape_state *state, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    size_t i = json_finish_held(stream, state, at, size);

    while (i < size) {
        size_t length = 0;

        /* Most output is plain text: write each run of it at once. */
        while (i + length < size && is_plain(at[i + length]))
            length++;
        if (length > 0) {
            stream_write(stream, at + i, length);
            i += length;
            continue;
        }
        switch (utf8_decode(at + i, size - i, &length)) {
        case UTF8_VALID:
            json_character(stream, at + i, length);
            break;
        case UTF8_INVALID:
            stream_text(stream, REPLACEMENT);
            break;
        case UTF8_INCOMPLETE:
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

/* Returns true if a valid character would move the cursor, start an escape sequence or reorder the
 * line: C0, DEL, C1, the separators U+2028 and U+2029 and the bidirectional controls. */
static bool is_control(const unsigned char *bytes, size_t length)
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

/* Writes one character and returns its length. A tab becomes a blank, to keep columns aligned. */
static size_t safe_character(cli_stream *stream, const unsigned char *bytes, size_t size)
{
    size_t length;
    utf8_result result = utf8_decode(bytes, size, &length);

    if (result != UTF8_VALID || (bytes[0] != '\t' && is_control(bytes, length)))
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

/* Returns the size in bytes of the first characters, one for each column. A wide character takes
 * two columns and only makes the line longer. */
static size_t prefix_size(const char *text, size_t size, size_t columns)
{
    size_t i = 0;

    while (i < size && columns-- > 0) {
        size_t length;

        utf8_decode((const unsigned char *)text + i, size - i, &length);
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
    if (more || prefix_size(text, size, columns) < size) {
        escape_terminal_bytes(stream, text, prefix_size(text, size, columns > 4 ? columns - 4 : 0));
        stream_text(stream, " ...");
    } else {
        escape_terminal_bytes(stream, text, size);
    }
}

void escape_block(cli_stream *stream, const char *text, const char *indent)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        /* The CR of a CRLF is part of the line end; any other CR is a control character. */
        size_t shown = size > 0 && text[size - 1] == '\r' ? size - 1 : size;

        stream_text(stream, indent);
        escape_terminal_bytes(stream, text, shown);
        stream_text(stream, "\n");
        text += size;
        if (*text == '\n')
            text++;
    }
}
