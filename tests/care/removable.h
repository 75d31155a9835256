/* Ended tasks that a garbage collection may remove. */
#ifndef TETHER_TEST_REMOVABLE_H
#define TETHER_TEST_REMOVABLE_H

#include "support/support.h"

/* Starts a task that requests no completion, and waits for its end. */
void removable_run(tether_registry *registry, const char *command, char id[TETHER_ID_SIZE]);

/* The same with "exit 0". Also waits until the supervisor has exited and a host has marked the
 * lifeline as ended: from then on no registry inspects the task by itself. */
void removable_create(tether_registry *registry, char id[TETHER_ID_SIZE]);

/* Whether the task's record is on disk. */
bool removable_exists(const fixture *f, const char *id);

#endif
