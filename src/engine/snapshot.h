/* Snapshots: a task as a plain value for the caller. */
#ifndef TETHER_SNAPSHOT_H
#define TETHER_SNAPSHOT_H

#include "engine/catalog.h"
#include "tether/error.h"
#include "tether/task.h"

/* Fills a snapshot from an entry, with its output's preview. Under the catalog's `disk`. */
int tether__snapshot_fill(const tether__session *session, const tether__entry *entry,
                          tether_snapshot *snapshot, tether_error *error);

/* Frees what a snapshot owns, not the struct. */
void tether__snapshot_dispose(tether_snapshot *snapshot);

#endif
