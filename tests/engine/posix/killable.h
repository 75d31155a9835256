/* Tasks to kill, and the count of their live processes. */
#ifndef TETHER_TEST_KILLABLE_H
#define TETHER_TEST_KILLABLE_H

#include "support/support.h"

/* Starts this many tasks that ignore SIGTERM, and waits until all of them do. */
void killable_start_stubborn(tether_registry *registry, char (*ids)[TETHER_ID_SIZE], int count);

/* How many live processes have the cookie of this task in their environment. */
int killable_count(const char *id);

#endif
