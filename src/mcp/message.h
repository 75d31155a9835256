/* A line of input as JSON. Pure. */
#ifndef TETHER_MCP_MESSAGE_H
#define TETHER_MCP_MESSAGE_H

#include <jansson.h>
#include <stddef.h>

/* How deep arrays and objects may be nested. */
enum { MESSAGE_DEPTH = 64, MESSAGE_WHY = 160 };

/* Parses a line. Names that stand twice in an object, bytes that are not UTF-8, NUL characters and
 * deep nesting are refused. Returns NULL with the cause in `why`. The caller releases the value. */
json_t *message_parse(const char *line, size_t size, char why[MESSAGE_WHY]);

#endif
