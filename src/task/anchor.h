/* Opening what a new task is to run beside, for the other files of this room. */
#ifndef TETHER_TASK_ANCHOR_H
#define TETHER_TASK_ANCHOR_H

#include "task/spawn_plan.h"
#include "tether/error.h"

/* Opens the task or the process that the spec names; neither is no error. Waits for a task that is
 * starting, up to 5 s. The plan owns the anchor. The caller holds no lock; takes `disk`. */
int tether__anchor_open(tether__spawn_plan *plan, tether_error *error);

#endif
