/* The background thread of a registry that collects garbage once. */
#ifndef TETHER_HOUSEKEEPER_H
#define TETHER_HOUSEKEEPER_H

#include "tether/registry.h"

typedef struct tether__housekeeper tether__housekeeper;

/* Starts a thread that collects garbage if that is due (see tether__gc_due). Logs failures as
 * events of the registry. Returns NULL if nothing is due, or the thread cannot be started. The
 * registry must outlive the housekeeper. Does not block. Any thread. */
tether__housekeeper *tether__housekeeper_start(tether_registry *registry);

/* Stops the collection after the current task, joins the thread and frees the housekeeper. NULL is
 * allowed. */
void tether__housekeeper_stop(tether__housekeeper *housekeeper);

#endif
