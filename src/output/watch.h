/* Adoption of the kept watches of dead hosts. */
#ifndef TETHER_WATCH_INTERNAL_H
#define TETHER_WATCH_INTERNAL_H

#include "tether/registry.h"

/* Continues the session's kept watches whose holder is dead. Logs failures. Call this while the
 * registry is being opened, after the replay. */
void tether__watches_adopt(tether_registry *registry);

#endif
