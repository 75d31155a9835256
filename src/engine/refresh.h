/* Refreshing: the one way by which a task's state in memory follows the disk, and by which a
 * verdict becomes a record. */
#ifndef TETHER_REFRESH_H
#define TETHER_REFRESH_H

#include <stdbool.h>

#include "engine/catalog.h"
#include "tether/error.h"

typedef enum tether__inspect_mode {
    TETHER__INSPECT_NOW,
    TETHER__INSPECT_OPENING, /* the session is being opened, which shows in some reasons */
    TETHER__INSPECT_EVENT /* that a task runs need not be written at once: most tasks are short, and
                          replacing a record is what costs    most; entry->write_running_at says
                          when it is
                        */
} tether__inspect_mode;

/* Brings one task up to date: reads its record where that changed, looks at it, and writes what
 * follows. *entry (NULL: not wanted) stays valid while `disk` is held. Under `disk`. With an end
 * that could not be written the call succeeds: the end is known. */
int tether__refresh(tether__catalog *catalog, const char *task_id, tether__inspect_mode mode,
                    tether__entry **entry, tether_error *error);

/* Changes a task's record: refreshes it, then under the session lock lets `change` say what it
 * changes (false: nothing) and writes that. Under `disk`. What cannot be written is not changed. */
int tether__refresh_change(tether__catalog *catalog, const char *task_id,
                           bool (*change)(tether__record *record, void *userdata), void *userdata,
                           tether__entry **entry, tether_error *error);

/* Whether the catalog's round may say that nothing of the task is left: its listing began after the
 * task was seen to be over, which is noted here for one that has ended. Under `disk`. */
bool tether__refresh_round_is_conclusive(tether__catalog *catalog, tether__entry *entry);

#endif
