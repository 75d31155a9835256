/* A task's record: its JSON as a struct. docs/format.md defines the fields. Pure; any thread, but
 * only one at a time per record. */
#ifndef TETHER_RECORD_H
#define TETHER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/fields.h"
#include "tether/error.h"
#include "tether/task.h"

#define TETHER__RECORD_SCHEMA 1

struct json_t;

/* The field of the document that kept_watch.h reads and writes. */
#define TETHER__RECORD_WATCHES "watches"
#define TETHER__RECORD_ON_END_OPEN "on_end_open"

/* The values of the field `survival`: what happens to a task when its host ends. */
#define TETHER__SURVIVAL_DETACHED "detached"
#define TETHER__SURVIVAL_BOUND "dies with host's job"
#define TETHER__SURVIVAL_WITH_HOST "ends with its host"

/* The values of the field `output_kind`. */
#define TETHER__OUTPUT_PIPE "pipe"
#define TETHER__OUTPUT_DIRECT "direct"

#define TETHER__RECORD_MEMBER(kind, name, absent, type, text) tether__field_##kind name;
#define TETHER__RECORD_NO_MEMBER(...)

/* The stored fields of format/fields.h, and the document that they were read from. Owns the
 * strings: change one only by tether__record_set. */
typedef struct tether__record {
    /* As read, with the fields that this version does not know; NULL: none. Once the record was
     * lightened, only the fields that have no member. */
    struct json_t *document;
    /* One piece of memory with the texts that the record had when it was lightened, but for a few
     * that most records have. A text that was set since has its own memory. NULL: none. */
    char *packed;
    uint32_t packed_size;
    bool read_only;      /* has a newer schema and must not be written */
    bool watched;        /* `watches` is not empty, see kept_watch.h */
    bool newer_identity; /* the identity that was read has fields that this version does not know */
    bool on_end_open;
    TETHER__FIELDS(TETHER__RECORD_MEMBER, TETHER__RECORD_MEMBER, TETHER__RECORD_NO_MEMBER,
                   TETHER__RECORD_NO_MEMBER)
} tether__record;

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

/* The value of the field `supervisor` for a proxy task, which its host supervises. */
#define TETHER__SUPERVISOR_SCRIPT "script"
#define TETHER__SUPERVISOR_MONITOR "monitor"
#define TETHER__SUPERVISOR_PROXY "proxy"

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

/* Parses JSON text into an initialised record. TETHER_ECORRUPT with a message for: invalid JSON, a
 * missing schema_version, task_id, session_id or status, a field of a wrong type, an unknown
 * status, the id of another task. Any other field may be missing. Of a record with a newer schema,
 * reads the fields that this version understands and sets read_only. */
int tether__record_parse(const char *text, size_t size, const char *task_id, tether__record *record,
                         tether_error *error);

/* As tether__record_parse, from a document, which the record owns from then on, also on failure. */
int tether__record_read(struct json_t *document, const char *task_id, tether__record *record,
                        tether_error *error);

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

/* Copies the members of a record, to compare them later with what the record has become. The copy
 * has no document; it shares the packed texts, and is valid until the record is lightened or
 * disposed. Free it by tether__record_release. Returns false when memory is short. */
bool tether__record_keep(const tether__record *record, tether__record *kept);
void tether__record_release(tether__record *kept);

/* Returns a line of the journal that makes `kept` into `record`: the task's id, and the fields
 * whose members differ. Fields without a member are the same in both. NULL when memory is short,
 * and where the line would need what only the document has: fields of a newer version in an
 * identity.
 */
struct json_t *tether__record_changes(const tether__record *kept, const tether__record *record);

/* Makes a record smaller, for the time that it is kept in memory. The document goes, except for the
 * watches, which are used later: it takes several times as much as the struct. After that only
 * tether__record_document_over knows all fields. The texts move into one piece of memory, because
 * the heap adds more to most of them than they have; those that most records have are constants.
 * When memory is short, leaves as it is what it cannot make smaller. */
void tether__record_lighten(tether__record *record);

/* Returns the record as JSON text, or NULL when memory is short; free it with free(). Updates the
 * document. */
char *tether__record_render(tether__record *record);

/* Returns whether a monitor writes the outputs. */
bool tether__record_is_piped(const tether__record *record);

/* Returns the limit within which a monitor keeps the outputs while the task writes, so that they
 * have a gap (format/gap.h); 0: it does not, and hosts trim what is too long after the end. */
uint64_t tether__record_gap_limit(const tether__record *record);

#endif
