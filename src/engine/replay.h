/* Replay: bringing the catalog in step with everything that is on disk. */
#ifndef TETHER_REPLAY_H
#define TETHER_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/refresh.h"
#include "tether/error.h"

/* Refreshes tasks on disk, those in scope. Of tasks that are known to have ended only
 * TETHER__SCOPE_ALL reads the records again: that others have acknowledged one since is for the
 * caller to see. Damaged tasks that do not run are quarantined, and added to *quarantined (NULL:
 * not wanted). Takes `disk`, task by task. */
int tether__replay(tether__catalog *catalog, tether__scope scope, tether__inspect_mode mode,
                   size_t *quarantined, tether_error *error);

/* The same for one task, under `disk`. Its own trouble is not a failure: only a lock, a store or
 * memory that fails for all. */
int tether__replay_task(tether__catalog *catalog, const char *task_id, tether__inspect_mode mode,
                        size_t *quarantined, tether_error *error);

/* Removes traces of starts that never became visible; how many, in *removed. Under `disk`. */
int tether__sweep(tether__catalog *catalog, size_t *removed, tether_error *error);

#endif
