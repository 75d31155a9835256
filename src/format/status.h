/* The states of a task and the transitions between them. Pure; any thread. */
#ifndef TETHER_STATUS_H
#define TETHER_STATUS_H

#include <stdbool.h>

#include "tether/task.h"

/* Returns whether a task may change from one status to another. All rules for that are here. */
bool tether__status_allows(tether_status from, tether_status to);

/* Sets *status to the one with this text. Returns false, and leaves *status alone, where there is
 * none. */
bool tether__status_parse(const char *text, tether_status *status);

#endif
