/* Replay: bringing the catalog in step with everything that is on disk. */
#ifndef TETHER_REPLAY_H
#define TETHER_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "refresh.h"
#include "tether/error.h"

/* Refreshes all tasks on disk; `all` false: those that may still run. `opening`: the session is
 * being opened, which shows in some reasons. Damaged tasks that do not run are quarantined, and
 * added to *quarantined (NULL: not wanted). Takes `disk`, task by task. */
int tether__replay(tether__catalog *catalog, bool all, tether__look_mode mode, size_t *quarantined,
                   tether_error *error);

/* Removes traces of starts that never became visible; how many, in *removed. Under `disk`. */
int tether__sweep(tether__catalog *catalog, size_t *removed, tether_error *error);

#endif
