/* The files from which a supervisor runs a task: the command's and the wrapper. */
#ifndef TETHER_SCRIPT_H
#define TETHER_SCRIPT_H

#include "task/spawn_plan.h"
#include "tether/error.h"

/* Writes them into the bundle for the plan's outer shell, in the place of those for another one,
 * and puts what the wrapper is told by its environment there. TETHER_ENOSHELL where this shell
 * cannot carry the command, with the reason in *why (static). TETHER_EINVAL where none can. */
int tether__script_write(tether__spawn_plan *plan, const char **why, tether_error *error);

#endif
