/* Parsing JSON documents from the disk. Pure; any thread. */
#ifndef TETHER_JSON_H
#define TETHER_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Parses a document. NULL: the text is not JSON, and *problem says why; or memory is short, which
 * says nothing about the text: *no_memory is then true. The caller frees the document. */
json_t *tether__json_parse(const char *text, size_t size, size_t flags, bool *no_memory,
                           json_error_t *problem);

#endif
