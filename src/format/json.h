/* Parsing JSON documents from the disk. Pure; any thread. */
#ifndef TETHER_JSON_H
#define TETHER_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Parses a document. NULL: the text is not JSON, and *problem says why; or memory is short, which
 * says nothing about the text: *no_memory is then true. The caller frees the document. */
json_t *tether__json_parse(const char *text, size_t size, size_t flags, bool *no_memory,
                           json_error_t *problem);

/* Adds a value to a text, in its compact form. Returns false when memory is short. */
bool tether__json_add(const json_t *value, tether__text *text);

#endif
