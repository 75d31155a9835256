/* Choosing the outer shell for a task that is being started, and starting its supervisor. */
#ifndef TETHER_SUPERVISOR_H
#define TETHER_SUPERVISOR_H

#include <stdbool.h>

#include "os/spawn.h"
#include "task/spawn_plan.h"
#include "tether/error.h"

/* Looks for the monitor, and returns whether tether__supervisor_prepare is going to choose it, as
 * far as is known before the bundle is there. */
bool tether__supervisor_expects_monitor(tether__spawn_plan *plan);

/* Selects the first outer shell that exists and can run this task, and writes its files into the
 * bundle. The message of TETHER_ENOSHELL names the shells that were tried. */
int tether__supervisor_prepare(tether__spawn_plan *plan, tether_error *error);

/* Starts the supervisor. If the shell turns out to be missing, writes the files for the next one
 * and starts that. Errors as of tether__os_spawn. */
int tether__supervisor_start(tether__spawn_plan *plan, tether__dir *exits, tether__started *started,
                             tether_error *error);

#endif
