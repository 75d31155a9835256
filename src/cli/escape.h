/* Text for terminals and for JSON, from bytes of any kind. */
#ifndef TETHER_CLI_ESCAPE_H
#define TETHER_CLI_ESCAPE_H

#include <stddef.h>

#include "cli/stream.h"

/* A JSON string that is written piece by piece. All zero at its start. Bytes that are not UTF-8
 * become U+FFFD; a character may be split between two pieces. */
typedef struct escape_state {
    unsigned char held[4]; /* the start of a character whose end is still to come */
    size_t held_count;
} escape_state;

void escape_json_part(cli_stream *stream, escape_state *state, const void *bytes, size_t size);
void escape_json_end(cli_stream *stream, escape_state *state);

/* A whole JSON string with its quotes; null for NULL. */
void escape_json_string(cli_stream *stream, const char *text);
void escape_json_bytes(cli_stream *stream, const char *bytes, size_t size);

/* Shows text to people: control characters, and those that reorder a line, become '?'. */
void escape_terminal(cli_stream *stream, const char *text);
void escape_terminal_bytes(cli_stream *stream, const char *bytes, size_t size);

/* The same for the first line that is not blank, cut with "..." after so many columns. */
void escape_first_line(cli_stream *stream, const char *text, size_t columns);

/* The same for all lines, each after the indent and with an end of line. */
void escape_block(cli_stream *stream, const char *text, const char *indent);

#endif
