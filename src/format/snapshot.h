/* Snapshots: a task as a plain value for the caller, copied from its record. Pure; any thread. */
#ifndef TETHER_FORMAT_SNAPSHOT_H
#define TETHER_FORMAT_SNAPSHOT_H

#include <stdbool.h>

#include "format/record.h"
#include "tether/task.h"

/* Copies the fields that a record and a snapshot have in common (see format/fields.h) and the
 * survivors, and sets read_only. All other members are zero. Returns false, with an empty snapshot,
 * when memory is short. */
bool tether__snapshot_copy(const tether__record *record, tether_snapshot *snapshot);

/* Return an empty snapshot, and an empty list with space for `room` snapshots; NULL when memory is
 * short. Free them with tether_snapshot_free and tether_snapshot_list_free. */
tether_snapshot *tether__snapshot_new(void);
tether_snapshot_list *tether__snapshot_list_new(size_t room);

/* Adds a survivor; an empty name is not known. Returns false when memory is short. */
bool tether__snapshot_add_survivor(tether_snapshot *snapshot, int64_t pid, const char *name);

/* Removes the survivors: nothing is known of them. */
void tether__snapshot_forget_survivors(tether_snapshot *snapshot);

/* Frees the memory that a snapshot owns, but not the struct. */
void tether__snapshot_dispose(tether_snapshot *snapshot);

#endif
