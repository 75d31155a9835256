/* A snapshot, a task as a plain value for the caller, made from a record. Pure; any thread. */
#ifndef TETHER_FORMAT_SNAPSHOT_H
#define TETHER_FORMAT_SNAPSHOT_H

#include <stdbool.h>

#include "format/record.h"
#include "tether/task.h"

/* Copies the fields that a record and a snapshot have in common (see format/fields.h), and whether
 * the record is read-only. The rest is zero. False when memory is short: the snapshot is empty. */
bool tether__snapshot_copy(const tether__record *record, tether_snapshot *snapshot);

/* An empty snapshot, and an empty list with room for so many; freed with tether_snapshot_free and
 * tether_snapshot_list_free. NULL when memory is short. */
tether_snapshot *tether__snapshot_new(void);
tether_snapshot_list *tether__snapshot_list_new(size_t room);

/* Frees what a snapshot owns, not the struct. */
void tether__snapshot_dispose(tether_snapshot *snapshot);

#endif
