/* The reading of a tap's output, where callbacks run. */
#ifndef TETHER_TAP_READ_H
#define TETHER_TAP_READ_H

#include "output/tap.h"

/* A piece of work for tether__events_work: one turn for one task; userdata is the taps. */
void tether__tap_read(const char *task_id, void *userdata);

/* Writes down how far kept watches have come, for the next host. While the registry is being
 * closed, after its events were stopped. */
void tether__taps_save(tether__taps *taps);

#endif
