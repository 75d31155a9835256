/* Escapes arbitrary bytes for JSON and for terminals. */
#ifndef TETHER_CLI_ESCAPE_H
#define TETHER_CLI_ESCAPE_H

#include <stddef.h>

#include "cli/stream.h"

/* State of a JSON string that is written in pieces; all zero at its start. Bytes that are not valid
 * UTF-8 become U+FFFD. A character may be split between two pieces. */
typedef struct escape_state {
    unsigned char held[4]; /* the first bytes of a character that is not complete yet */
    size_t held_count;
} escape_state;

/* Writes the next piece of a JSON string, without quotes. */
void escape_json_part(cli_stream *stream, escape_state *state, const void *bytes, size_t size);

/* Ends the string: writes U+FFFD if its last character is incomplete. */
void escape_json_end(cli_stream *stream, escape_state *state);

/* Writes a complete JSON string with its quotes; null for NULL. */
void escape_json_string(cli_stream *stream, const char *text);
void escape_json_bytes(cli_stream *stream, const char *bytes, size_t size);

/* Writes text for people. Bytes that are not valid UTF-8, control characters and characters that
 * reorder the line become '?'; a tab becomes a blank. */
void escape_terminal(cli_stream *stream, const char *text);
void escape_terminal_bytes(cli_stream *stream, const char *bytes, size_t size);

/* Writes the first line that is not blank in the same way. If it has more columns than these, or if
 * more text follows it, the line is cut to fit and ends with " ...". */
void escape_first_line(cli_stream *stream, const char *text, size_t columns);

/* Writes all lines in the same way, each with the indent before it and a newline after it. */
void escape_block(cli_stream *stream, const char *text, const char *indent);

#endif
