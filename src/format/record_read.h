/* Reading a record's JSON, which docs/format.md defines. Pure; any thread, but only one at a time
 * per record. */
#ifndef TETHER_RECORD_READ_H
#define TETHER_RECORD_READ_H

#include <stddef.h>

#include "format/record.h"

struct json_t;

/* Parses JSON text into an initialised record. TETHER_ECORRUPT with a message for: invalid JSON, a
 * missing schema_version, task_id, session_id or status, a field of a wrong type, an unknown
 * status, the id of another task. Any other field may be missing. Of a record with a newer schema,
 * reads the fields that this version understands and sets read_only. */
int tether__record_parse(const char *text, size_t size, const char *task_id, tether__record *record,
                         tether_error *error);

/* As tether__record_parse, from a document, which the record owns from then on, also on failure. */
int tether__record_read(struct json_t *document, const char *task_id, tether__record *record,
                        tether_error *error);

#endif
