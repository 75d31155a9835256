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

/* Writes the text in the same way, but as one line: its line ends become blanks. If that takes more
 * than these columns of a terminal, it is cut to fit and ends with " ..."; SIZE_MAX: it is not cut.
 * Returns the columns that were used. */
size_t escape_line(cli_stream *stream, const char *text, size_t columns);

/* Returns the columns that escape_line takes if it does not cut. */
size_t escape_width(const char *text);

/* Writes all lines in the same way, each with the indent before it and a newline after it. */
void escape_block(cli_stream *stream, const char *text, const char *indent);

#endif
