/* Looking at one task, below the public calls. */
#ifndef TETHER_TASK_INTERNAL_H
#define TETHER_TASK_INTERNAL_H

#include "tether/error.h"
#include "tether/registry.h"
#include "tether/task.h"

/* A snapshot as fresh as tether_status_get gives it, without the survivors. Under no lock. */
int tether__task_snapshot(tether_registry *registry, const char *task_id,
                          tether_snapshot **snapshot, tether_error *error);

#endif
