/* Snapshots of one task, for other modules. */
#ifndef TETHER_TASK_INTERNAL_H
#define TETHER_TASK_INTERNAL_H

#include "engine/catalog.h"
#include "os/tree.h"
#include "tether/error.h"
#include "tether/registry.h"
#include "tether/task.h"

/* Adds the processes that an ended task has left running. They are for display: if they cannot be
 * listed, they are unknown, which is no error. `listing` covers many tasks; NULL: the call lists
 * the processes itself. The caller holds the catalog's `disk`. */
void tether__task_survivors(tether__entry *entry, const tether__listing *listing,
                            tether_snapshot *snapshot);

/* Creates a snapshot that is as current as that of tether_status_get, without the survivors. The
 * caller holds no lock. */
int tether__task_snapshot(tether_registry *registry, const char *task_id,
                          tether_snapshot **snapshot, tether_error *error);

#endif
