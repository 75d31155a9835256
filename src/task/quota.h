/* The limits of a session: how many tasks run, were started, and how much they wrote. */
#ifndef TETHER_QUOTA_H
#define TETHER_QUOTA_H

#include <stddef.h>

#include "engine/core.h"
#include "tether/error.h"

/* Whether the outputs of the session's tasks leave room for one more; TETHER_EQUOTA. It looks at
 * every task's files: before anything is made, under no lock. */
int tether__quota_output(tether_registry *registry, tether_error *error);

/* Whether one more task, which has this id and is not visible yet, may start, and counts it.
 * max_running (0: none) holds beside the registry's own. TETHER_EQUOTA names the first of what
 * runs. Under the session lock, so that two hosts do not both take the last place. */
int tether__quota_start(tether_registry *registry, const char *task_id, size_t max_running,
                        tether_error *error);

/* Takes one back that was counted and could not be started. Under the session lock. */
void tether__quota_take_back(tether_registry *registry);

#endif
