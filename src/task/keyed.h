/* Idempotent starts: the task that a start with a key finds. */
#ifndef TETHER_KEYED_H
#define TETHER_KEYED_H

#include "engine/core.h"
#include "tether/error.h"
#include "tether/task.h"

/* Finds the task that has this key, so that the caller may be told its id: its command has begun,
 * or will whatever happens to the hosts. task_id is empty if no task has the key; another host may
 * give it to one at any time, so a start looks again under the session lock (docs/model/key.pml).
 * If another host is just starting the task, waits until that is decided, up to 5 s, but not on the
 * thread of a host's own loop: TETHER_ETIMEDOUT. The caller holds no lock. */
int tether__keyed_find(tether_registry *registry, const char *key, char task_id[TETHER_ID_SIZE],
                       tether_error *error);

/* Fails with TETHER_ETIMEDOUT: whether the task with the key will run is not decided. */
int tether__keyed_fail(const char *task_id, tether_error *error);

#endif
