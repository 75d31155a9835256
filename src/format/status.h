/* The states of a task and the transitions between them. Pure; any thread. */
#ifndef TETHER_STATUS_H
#define TETHER_STATUS_H

#include <stdbool.h>

#include "tether/task.h"

/* Whether a task may go from one status to another. The one place that knows. */
bool tether__status_allows(tether_status from, tether_status to);

/* The status with this text; false where there is none. */
bool tether__status_parse(const char *text, tether_status *status);

#endif
