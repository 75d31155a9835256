/* Reading records, and lines as they are, out of a session's journal. Any thread. */
#ifndef TETHER_LEDGER_READ_H
#define TETHER_LEDGER_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "os/file.h"
#include "store/store.h"
#include "tether/error.h"

struct json_t;

/* Reads the record of a task: its first line with the later ones laid over it. The caller frees
 * *record. TETHER_ENOTASK. */
int tether__ledger_read(const tether__session *session, const char *task_id, struct json_t **record,
                        tether__file_stamp *stamp, tether_error *error);

/* Adds the lines of a task as they are, each with its newline. */
int tether__ledger_lines(const tether__session *session, const char *task_id, tether__text *text,
                         tether_error *error);

/* Receives a line. `text` is valid during the call; NULL: the line is damaged, and too long to be
 * held. */
typedef void tether__ledger_visitor(void *context, const char *text, size_t size, bool damaged);

/* Visits the lines that belong to no task: those of unknown kinds, and damaged ones. */
int tether__ledger_visit_rest(const tether__session *session, tether__ledger_visitor *visit,
                              void *context, tether_error *error);

#endif
