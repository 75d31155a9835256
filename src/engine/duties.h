/* What the reaper does at certain times for the tasks of a catalog. */
#ifndef TETHER_DUTIES_H
#define TETHER_DUTIES_H

#include <stdint.h>

#include "engine/catalog.h"

/* Does what is due for all scheduled tasks, and for the children of forgotten ones. Returns when
 * the next work is due, by the monotonic clock; INT64_MAX: none. The loop's thread only. The caller
 * holds no lock. */
int64_t tether__duties_do(tether__catalog *catalog);

/* Reaps the child of a task that has ended, or schedules another attempt. Returns when that is due;
 * INT64_MAX: nothing is left to reap. Takes `state`. */
int64_t tether__duties_reap(tether__catalog *catalog, const char *task_id);

/* Reaps the child of a forgotten task whose supervisor may have exited just now, or schedules
 * attempts that begin anew with short pauses. Returns when the next attempt at any such child is
 * due; INT64_MAX: the task has none. Takes `state`. */
int64_t tether__duties_reap_orphan(tether__catalog *catalog, const char *task_id);

#endif
