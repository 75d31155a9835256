/* Output that comes line by line. */
#ifndef TETHER_TASK_LINE_BUFFER_H
#define TETHER_TASK_LINE_BUFFER_H

#include "task/spawn_plan.h"

/* Adds to the plan's environment what makes programs write whole lines at once: that of Python, and
 * the library of stdbuf where it is installed. A variable that the caller has set itself stays. */
int tether__line_buffer(tether__spawn_plan *plan, tether_error *error);

#endif
