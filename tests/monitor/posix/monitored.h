/* What the tests of this folder share: tasks with a monitor. */
#ifndef TETHER_TEST_MONITORED_H
#define TETHER_TEST_MONITORED_H

#include "support/support.h"

/* Starts a text in sh; timeout_ms 0: the registry's. */
void monitored_start(tether_registry *registry, const char *command, int64_t timeout_ms,
                     char id[TETHER_ID_SIZE]);

/* Returns the pid of the task's monitor. */
long monitored_pid(tether_registry *registry, const char *id);

#endif
