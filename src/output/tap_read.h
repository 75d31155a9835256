/* When the output of a tap is read, and the reading, which happens where callbacks run. */
#ifndef TETHER_TAP_READ_H
#define TETHER_TAP_READ_H

#include <stdbool.h>

#include "output/tap_list.h"

/* Queues one reading of a tap's output, unless one is queued already. Under the mutex. */
void tether__tap_plan(tether__taps *taps, tether__tap *tap);

/* The observer of the catalog (tether__catalog.on_end): reads the output of a task that has ended
 * to its end. taps is a tether__taps. Under any lock of the catalog. */
void tether__taps_plan(const char *task_id, void *taps);

/* The observers of the reaper, see tether__reaper_observer; taps is a tether__taps. */
bool tether__taps_output_grew(int tag, void *taps);
bool tether__taps_plan_unwatched(void *taps);

/* Writes down how far kept watches have come, for the next host. While the registry is being
 * closed, after its events were stopped. */
void tether__taps_save(tether__taps *taps);

#endif
