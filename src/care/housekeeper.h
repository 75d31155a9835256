/* The thread that collects garbage once, in the background of a registry. */
#ifndef TETHER_HOUSEKEEPER_H
#define TETHER_HOUSEKEEPER_H

#include "tether/registry.h"

typedef struct tether__housekeeper tether__housekeeper;

/* Starts a round on a thread of its own, unless there was one a short time ago. What goes wrong is
 * told as an event and hinders nobody. NULL where it cannot be started. The registry outlives it.
 * Never blocks; any thread. */
tether__housekeeper *tether__housekeeper_start(tether_registry *registry);

/* Ends it between two tasks, and returns when it has ended. NULL is allowed. */
void tether__housekeeper_stop(tether__housekeeper *housekeeper);

#endif
