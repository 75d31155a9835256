/* The exit line that a supervisor appends to its lifeline. */
#ifndef TETHER_TEST_EXIT_LINE_H
#define TETHER_TEST_EXIT_LINE_H

#include "support/support.h"

/* Waits until the exit line of a task is complete. Opens no registry: no host records the end
 * because of this call. */
void exit_line_wait(const fixture *f, const char *id);

#endif
