/* The files from which a supervisor runs a task: the command's file and the wrapper. */
#ifndef TETHER_SCRIPT_H
#define TETHER_SCRIPT_H

#include "task/spawn_plan.h"
#include "tether/error.h"

/* Writes both files into the bundle for the plan's outer shell, replacing those for another one,
 * and sets the variables that the wrapper reads. TETHER_ENOSHELL if this shell cannot run the
 * command but another one may, with the reason in *why (static). TETHER_EINVAL if no shell can. */
int tether__script_write(tether__spawn_plan *plan, const char **why, tether_error *error);

#endif
