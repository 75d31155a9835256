/* The command that a monitor runs at the end of a task: what may be asked for, and what the monitor
 * is told. Any thread. */
#ifndef TETHER_TASK_ON_END_H
#define TETHER_TASK_ON_END_H

#include "task/spawn_plan.h"
#include "tether/error.h"

/* TETHER_EINVAL for one that no monitor of this system could run. */
int tether__on_end_check(const tether_spec *spec, tether_error *error);

/* Adds the command to the orders, which are complete else; the record of the plan is as it will be
 * written. */
int tether__on_end_order(tether__spawn_plan *plan, tether_error *error);

#endif
