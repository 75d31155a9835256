/* A task's record as a struct, and its memory. docs/format.md defines the fields; record_read.h and
 * record_write.h have the JSON. Pure; any thread, but only one at a time per record. */
#ifndef TETHER_RECORD_H
#define TETHER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/identity.h"
#include "format/record_type.h"
#include "tether/error.h"
#include "tether/task.h"

struct tether__pool;

/* Initialises an empty record: fields that may be null are null, notify_on_completion is true, all
 * else is zero. */
void tether__record_init(tether__record *record);

/* Frees the memory that a record owns, and makes it empty. */
void tether__record_dispose(tether__record *record);

/* Frees the texts, except pipeline_statuses, and the document. The other fields can still be read,
 * but the record must not be written any more. */
void tether__record_trim(tether__record *record);

/* Replaces one text of the record by a copy of value (NULL: null). Invalid UTF-8 becomes U+FFFD,
 * because paths may be any bytes and JSON is UTF-8. Returns false when memory is short. */
bool tether__record_set(tether__record *record, const char **field, const char *value);

/* Stores the numbers of a pipestatus list such as "1,0", at least one, in *codes; free it with
 * free(). Returns false when memory is short. */
bool tether__record_pipeline(const char *list, int **codes, size_t *count);

/* Returns whether a task is a proxy: its supervisor is a host, and it has no processes of its own.
 * No process may be signalled because of it. */
bool tether__record_is_proxy(const tether__record *record);

/* Whether a monitor supervises the task. */
bool tether__record_is_monitored(const tether__record *record);

/* Returns whether a task needs no more attention: it has ended, its completion was delivered or not
 * requested, no watch is kept, and what has become of the command at its end is known. False for
 * read-only records. */
bool tether__record_is_done(const tether__record *record);

/* Returns whether no process of an ended task can be left: where nothing was left at its end,
 * nothing can appear later, and a proxy task has no processes. */
bool tether__record_left_nothing(const tether__record *record);

/* Copies the members of a record, to compare them later with what the record has become. The copy
 * has no document; it shares the packed texts, and is valid until the record is lightened or
 * disposed. Free it by tether__record_release. Returns false when memory is short. */
bool tether__record_keep(const tether__record *record, tether__record *kept);
void tether__record_release(tether__record *kept);

/* Returns the identity of the task's supervisor. */
tether__identity tether__record_identity(const tether__record *record);

/* Replaces it by a copy. Returns false, with nothing changed, when memory is short. */
bool tether__record_set_identity(tether__record *record, const tether__identity *identity);

/* Makes a record smaller, for the time that it is kept in memory. The document goes, except for the
 * watches, which are used later: it takes several times as much as the struct. After that only
 * tether__record_document_over knows all fields. The texts move into one piece of memory, because
 * the heap adds more to most of them than they have; those that most records have are constants,
 * and those that many of a session have are in the pool (NULL: none), which must outlive the record
 * and be the same each time. When memory is short, leaves as it is what it cannot make smaller. */
void tether__record_lighten(tether__record *record, struct tether__pool *pool);

/* Returns whether a monitor writes the outputs. */
bool tether__record_is_piped(const tether__record *record);

/* Returns the limit within which a monitor keeps the outputs while the task writes, so that they
 * have a gap (format/gap.h); 0: it does not, and hosts trim what is too long after the end. */
uint64_t tether__record_gap_limit(const tether__record *record);

#endif
