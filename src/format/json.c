/* Owns telling a damaged JSON document from one that could not be parsed for lack of memory.
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
