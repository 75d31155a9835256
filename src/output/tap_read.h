/* Schedules and does the reading of taps' output, which happens where callbacks run. */
#ifndef TETHER_TAP_READ_H
#define TETHER_TAP_READ_H

#include <stdbool.h>

#include "output/tap_list.h"

/* Queues one turn of reading for a tap, if none is queued. Under the mutex. */
void tether__tap_schedule(tether__taps *taps, tether__tap *tap);

/* The catalog's observer (tether__catalog.on_end): schedules reading the output of an ended task to
 * its end. `taps` is a tether__taps. Under any lock of the catalog. */
void tether__taps_schedule(const char *task_id, void *taps);

/* The reaper's observers, see tether__reaper_observer. `taps` is a tether__taps. */
bool tether__taps_output_grew(int tag, void *taps);
bool tether__taps_schedule_unwatched(void *taps);

/* Stores the progress of kept watches for the next host. While the registry is being closed, after
 * its events were stopped. */
void tether__taps_save(tether__taps *taps);

#endif
