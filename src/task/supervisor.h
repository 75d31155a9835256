/* The supervisor of a task that is being started: which outer shell runs it, and the start. */
#ifndef TETHER_SUPERVISOR_H
#define TETHER_SUPERVISOR_H

#include "os/spawn.h"
#include "task/spawn_plan.h"
#include "tether/error.h"

/* Finds the first outer shell that is there and can run this task, and writes its files into the
 * bundle. TETHER_ENOSHELL names those that were looked for. */
int tether__supervisor_prepare(tether__spawn_plan *plan, tether_error *error);

/* Starts it. A shell that is not there after all leaves its place to the next one, for which
 * everything is written anew. Errors as tether__os_spawn. */
int tether__supervisor_start(tether__spawn_plan *plan, tether__dir *exits, tether__started *started,
                             tether_error *error);

#endif
