/* The snapshot of a task in the catalog, including what only the disk knows. */
#ifndef TETHER_SNAPSHOT_H
#define TETHER_SNAPSHOT_H

#include "engine/catalog.h"
#include "tether/error.h"
#include "tether/task.h"

/* Fills a snapshot from an entry, without what only the outputs tell: preview, `output_truncated`
 * and the bytes dropped. Touches no file. The caller holds the catalog's `disk`. */
int tether__snapshot_fill_record(const tether__session *session, const tether__entry *entry,
                                 tether_snapshot *snapshot, tether_error *error);

/* Fills a snapshot from an entry, with a preview of the output. The caller holds the catalog's
 * `disk`. */
int tether__snapshot_fill(const tether__session *session, const tether__entry *entry,
                          tether_snapshot *snapshot, tether_error *error);

#endif
