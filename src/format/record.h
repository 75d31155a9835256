/* A task's record: record.json as a struct, and back. Pure; no thread-safety of its own.
 * docs/format.md defines the fields. */
#ifndef TETHER_RECORD_H
#define TETHER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/fields.h"
#include "tether/error.h"
#include "tether/task.h"

#define TETHER__RECORD_SCHEMA 1

/* No record that this library writes is near it; what is larger is damaged and never read whole. */
#define TETHER__RECORD_LIMIT (1024 * 1024)

struct json_t;

/* What becomes of a task when its host ends. */
#define TETHER__SURVIVAL_DETACHED "detached"
#define TETHER__SURVIVAL_BOUND "dies with host's job"

#define TETHER__RECORD_MEMBER(kind, name, absent, type, text) tether__field_##kind name;
#define TETHER__RECORD_NO_MEMBER(...)

/* The stored fields of format/fields.h, and how the record was read. Strings are owned. */
typedef struct tether__record {
    struct json_t
        *document;  /* as read or built; keeps the fields that this version does not know */
    bool read_only; /* a newer schema: never written */
    bool watched;   /* the document has kept watches, see kept_watch.h */
    TETHER__FIELDS(TETHER__RECORD_MEMBER, TETHER__RECORD_MEMBER, TETHER__RECORD_NO_MEMBER,
                   TETHER__RECORD_NO_MEMBER)
} tether__record;

/* An empty record: every number "absent", no strings. */
void tether__record_init(tether__record *record);

/* Frees what it owns. */
void tether__record_dispose(tether__record *record);

/* Frees the texts and the document; what remains can be looked at, and must not be written. */
void tether__record_trim(tether__record *record);

/* Sets one owned string (value NULL: absent), invalid UTF-8 repaired: paths may be any bytes, and
 * JSON is UTF-8. False when memory is short. */
bool tether__record_set(char **field, const char *value);

/* The codes of a pipestatus list such as "1,0", at least one; freed with free(). False when memory
 * is short. */
bool tether__record_pipeline(const char *list, int **codes, size_t *count);

/* Puts the argv into the document, invalid UTF-8 repaired; false when memory is short. */
bool tether__record_set_argv(tether__record *record, const char *const *argv);

/* What supervises a proxy task, in its record: the host whose own work it is. */
#define TETHER__SUPERVISOR_PROXY "proxy"

/* Whether a task is a proxy: it has no processes of its own, and its supervisor is a host. Nobody
 * may ever be signalled because of it. */
bool tether__record_is_proxy(const tether__record *record);

/* Whether a task has ended and nobody is to be told anything more of it. */
bool tether__record_is_done(const tether__record *record);

/* Reads JSON text into an initialised record. TETHER_ECORRUPT says what is wrong: not JSON, a field
 * missing or of a wrong type, an unknown status, another task's id. A newer schema is read as far
 * as it is understood, and read-only. */
int tether__record_parse(const char *text, size_t size, const char *task_id, tether__record *record,
                         tether_error *error);

/* The record as JSON text, freed with free(); NULL when memory is short. Updates the document. */
char *tether__record_render(tether__record *record);

#endif
