/* Looking at one task, below the public calls. */
#ifndef TETHER_TASK_INTERNAL_H
#define TETHER_TASK_INTERNAL_H

#include "engine/catalog.h"
#include "tether/error.h"
#include "tether/registry.h"
#include "tether/task.h"

/* Adds what an ended task has left running. It is for people: where it cannot be looked at, it is
 * not known. Under the catalog's `disk`. */
void tether__task_survivors(const tether__entry *entry, tether_snapshot *snapshot);

/* A snapshot as fresh as tether_status_get gives it, without the survivors. Under no lock. */
int tether__task_snapshot(tether_registry *registry, const char *task_id,
                          tether_snapshot **snapshot, tether_error *error);

#endif
