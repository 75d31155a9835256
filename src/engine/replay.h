/* Replay: brings the catalog up to date with everything on disk. */
#ifndef TETHER_REPLAY_H
#define TETHER_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/refresh.h"
#include "tether/error.h"

/* Refreshes all tasks in scope. For tasks that the catalog knows to have ended, only
 * TETHER__SCOPE_ALL reads the records again: in the other scopes the caller has to check whether
 * another host has acknowledged a completion since. Moves damaged tasks that do not run to the
 * quarantine, and adds their number to *quarantined (NULL: not wanted). Takes `disk`, task by task.
 */
int tether__replay(tether__catalog *catalog, tether__scope scope, tether__inspect_mode mode,
                   size_t *quarantined, tether_error *error);

/* The same for one task, under `disk`. Fails only when the lock, the store or memory fails, which
 * affects all tasks; a failure of this task alone is no failure of the call. */
int tether__replay_task(tether__catalog *catalog, const char *task_id, tether__inspect_mode mode,
                        size_t *quarantined, tether_error *error);

/* Removes the leftovers of starts that never became visible; *removed: how many. Under `disk`. */
int tether__sweep(tether__catalog *catalog, size_t *removed, tether_error *error);

#endif
