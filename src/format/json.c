/* Owns telling a damaged JSON document from one that could not be parsed for lack of memory, and
 * rendering values into texts.
 * Must not: know what the documents mean.
 * Thread: any. */
#include "format/json.h"

json_t *tether__json_parse(const char *text, size_t size, size_t flags, bool *no_memory,
                           json_error_t *problem)
{
    json_t *document = json_loadb(text, size, flags, problem);
    /* Jansson gives every mistake of the text a code of its own. Some of its failures to get memory
     * have none. */
    enum json_error_code why = document == NULL ? json_error_code(problem) : json_error_unknown;
    *no_memory = document == NULL && (why == json_error_out_of_memory || why == json_error_unknown);
    return document;
}

static int add_piece(const char *bytes, size_t size, void *text)
{
    tether__text_add(text, bytes, size);
    return ((tether__text *)text)->failed ? -1 : 0;
}

bool tether__json_add(const json_t *value, tether__text *text)
{
    return json_dump_callback(value, add_piece, text, JSON_COMPACT | JSON_ENCODE_ANY) == 0;
}
