/* Writing a record as JSON, which docs/format.md defines. Pure; any thread, but only one at a time
 * per record. */
#ifndef TETHER_RECORD_WRITE_H
#define TETHER_RECORD_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "format/record.h"

struct json_t;

/* Returns {"pid": ..., "name": ...}, with null for a name that is NULL or empty; NULL when memory
 * is short. */
struct json_t *tether__record_process(int64_t pid, const char *name);

/* Sets `argv` in the document, with invalid UTF-8 replaced by U+FFFD. Returns false when memory is
 * short. */
bool tether__record_set_argv(tether__record *record, const char *const *argv);

/* Sets `on_end`: the command, and what has become of it. NULL and TETHER_EXIT_UNKNOWN: null.
 * Returns false when memory is short. */
bool tether__record_set_on_end(tether__record *record, const char *command, int64_t exit_code,
                               const char *error);

/* Notes what has become of it, which closes the question. Returns false when memory is short. */
bool tether__record_close_on_end(tether__record *record, int64_t exit_code, const char *error);

/* Brings the document up to date with the fields and returns it, or NULL when memory is short. It
 * belongs to the record. */
struct json_t *tether__record_document(tether__record *record);

/* Returns a new document for the first line of a task in a journal: the fields that are not null.
 * The others make up half of a whole record, and a field that is missing is null. The caller frees
 * it; NULL when memory is short. */
struct json_t *tether__record_birth(const tether__record *record);

/* Returns a new document: that of the record, laid over the one that the record was once read from.
 * It has the fields of `base` that this version does not know. The caller frees it; NULL when
 * memory is short. */
struct json_t *tether__record_document_over(const tether__record *record, struct json_t *base);

/* Returns a line of the journal that makes `kept` into `record`: the task's id, and the fields
 * whose members differ. Fields without a member are the same in both. NULL when memory is short,
 * and where the line would need what only the document has: fields of a newer version in an
 * identity.
 */
struct json_t *tether__record_changes(const tether__record *kept, const tether__record *record);

/* Returns the record as JSON text, or NULL when memory is short; free it with free(). Updates the
 * document. */
char *tether__record_render(tether__record *record);

#endif
