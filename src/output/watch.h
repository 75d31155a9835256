/* Kept watches of hosts that are gone. */
#ifndef TETHER_WATCH_INTERNAL_H
#define TETHER_WATCH_INTERNAL_H

#include "tether/registry.h"

/* Goes on with the kept watches of the session whose holder is gone. What fails is logged. While
 * the registry is being opened, after the replay. */
void tether__watches_adopt(tether_registry *registry);

#endif
