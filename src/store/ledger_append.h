/* Writing a session's journal: appending lines, and replacing it by a shorter one that says the
 * same. Any thread that holds the session lock. */
#ifndef TETHER_LEDGER_APPEND_H
#define TETHER_LEDGER_APPEND_H

#include <stddef.h>

#include "store/store.h"
#include "tether/error.h"

struct json_t;

/* Appends a line to the journal, which is created where it is missing. The caller holds the session
 * lock, has read the task since it has it, and owns `line`. After a failure nothing has changed. */
int tether__ledger_append(const tether__session *session, struct json_t *line, tether_error *error);

/* The same for the text of a line, with a newline before and behind it: the first one is written
 * only if the journal ends with a line that was cut off. */
int tether__ledger_append_text(const tether__session *session, const char *text, size_t size,
                               tether_error *error);

/* Replaces the journal by another one that says the same: the ledger must have read all of the old
 * one since the caller has the lock. Also without `sync` the new one is on the disk on return: else
 * a power failure might lose all that had been written long before. The caller holds the session
 * lock. */
int tether__ledger_replace(const tether__session *session, const char *text, size_t size,
                           tether_error *error);

#endif
