/* What a monitor is told of the command that it runs at the end of a task. Any thread. */
#ifndef TETHER_TASK_ON_END_H
#define TETHER_TASK_ON_END_H

#include "task/spawn_plan.h"
#include "tether/error.h"

/* Adds the command to the orders, which are complete else; the record of the plan is as it will be
 * written. */
int tether__on_end_order(tether__spawn_plan *plan, tether_error *error);

#endif
