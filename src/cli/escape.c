/* Owns escaping bytes for JSON strings and for terminals.
 * Must not: know what the bytes mean, or buffer more than one character of them.
 * Thread: the one that writes to the stream. */
#include "cli/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "text/utf8.h"
#include "cli/width.h"

#define REPLACEMENT "\xEF\xBF\xBD"

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
        utf8_result result = utf8_decode(state->held, state->held_count, &length, NULL);

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
        switch (utf8_decode(at + i, size - i, &length, NULL)) {
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

/* One character of a text for people: what is written for it, and its width in columns. */
typedef struct safe_character {
    const void *bytes;
    size_t written;
    size_t length; /* of the original in bytes */
    size_t width;
} safe_character;

/* A tab becomes a blank, to keep columns aligned. */
static safe_character make_safe(const unsigned char *bytes, size_t size)
{
    safe_character safe = {"?", 1, 0, 1};
    uint32_t character;
    utf8_result result = utf8_decode(bytes, size, &safe.length, &character);

    if (bytes[0] == '\t') {
        safe.bytes = " ";
    } else if (result == UTF8_VALID && !is_control(bytes, safe.length)) {
        safe.bytes = bytes;
        safe.written = safe.length;
        safe.width = width_of(character);
    }
    return safe;
}

static size_t write_safe(cli_stream *stream, const unsigned char *bytes, size_t size)
{
    safe_character safe = make_safe(bytes, size);

    stream_write(stream, safe.bytes, safe.written);
    return safe.length;
}

void escape_terminal_bytes(cli_stream *stream, const char *bytes, size_t size)
{
    size_t i = 0;

    while (i < size)
        i += write_safe(stream, (const unsigned char *)bytes + i, size - i);
}

void escape_terminal(cli_stream *stream, const char *text)
{
    escape_terminal_bytes(stream, text, strlen(text));
}

/* The characters of a text as one line: its line ends, with the blanks around them, become one
 * blank each, and none at its start and end. */
typedef struct line_reader {
    const char *at;
    size_t size; /* without the blanks at the end */
} line_reader;

static const char blanks[] = " \t\r\n";

static line_reader read_line(const char *text)
{
    line_reader reader = {text + strspn(text, blanks), 0};

    reader.size = strlen(reader.at);
    while (reader.size > 0 && strchr(blanks, reader.at[reader.size - 1]) != NULL)
        reader.size--;
    return reader;
}

/* Returns the next character. The reader must not be at the end. */
static safe_character next_character(line_reader *reader)
{
    size_t gap = strspn(reader->at, blanks);
    safe_character safe = {" ", 1, gap, 1};

    if (gap == 0 || strcspn(reader->at, "\r\n") >= gap)
        safe = make_safe((const unsigned char *)reader->at, reader->size);
    reader->at += safe.length;
    reader->size -= safe.length;
    return safe;
}

/* Writes the characters that fit into the columns, and returns how many columns they take. */
static size_t write_line(cli_stream *stream, line_reader reader, size_t columns)
{
    size_t used = 0;

    while (reader.size > 0) {
        safe_character safe = next_character(&reader);

        if (safe.width > columns - used)
            break;
        stream_write(stream, safe.bytes, safe.written);
        used += safe.width;
    }
    return used;
}

size_t escape_width(const char *text)
{
    line_reader reader = read_line(text);
    size_t width = 0;

    while (reader.size > 0)
        width += next_character(&reader).width;
    return width;
}

size_t escape_line(cli_stream *stream, const char *text, size_t columns)
{
    static const char more[] = " ...";
    const size_t more_width = sizeof more - 1;

    if (columns == SIZE_MAX || escape_width(text) <= columns)
        return write_line(stream, read_line(text), columns);
    columns = write_line(stream, read_line(text), columns > more_width ? columns - more_width : 0);
    stream_text(stream, more);
    return columns + more_width;
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
