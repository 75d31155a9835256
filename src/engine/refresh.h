/* Refresh: the only way by which the catalog follows the disk, and by which a verdict becomes a
 * record. */
#ifndef TETHER_REFRESH_H
#define TETHER_REFRESH_H

#include <stdbool.h>

#include "engine/catalog.h"
#include "tether/error.h"

typedef enum tether__inspect_mode {
    TETHER__INSPECT_NOW,
    TETHER__INSPECT_OPENING, /* the session is being opened, which some reasons mention */
    /* `running` need not be written at once, because replacing a record is expensive and most tasks
     * are short: the entry's write_running_at says when. */
    TETHER__INSPECT_EVENT
} tether__inspect_mode;

/* Brings one task up to date: reads its record if that has changed, inspects the task, and writes
 * the record if the verdict says so. *entry (NULL: not wanted) is valid while `disk` is held.
 * Succeeds with an end that could not be written, because the end is known. Under `disk`. */
int tether__refresh(tether__catalog *catalog, const char *task_id, tether__inspect_mode mode,
                    tether__entry **entry, tether_error *error);

/* Changes a task's record: refreshes the task, then calls `change` under the session lock and,
 * unless it returns false, writes the record. After a failed write the record is as before. Under
 * `disk`. */
int tether__refresh_change(tether__catalog *catalog, const char *task_id,
                           bool (*change)(tether__record *record, void *userdata), void *userdata,
                           tether__entry **entry, tether_error *error);

/* Whether the listing of the catalog's round can prove that no process of the task is left: it
 * began after the supervisor was found to be done. For a task that has ended, records that time if
 * it is not set. Under `disk`. */
bool tether__refresh_round_is_conclusive(tether__catalog *catalog, tether__entry *entry);

#endif
