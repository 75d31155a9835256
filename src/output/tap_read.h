/* Schedules and does the reading of taps' output, which happens where callbacks run. */
#ifndef TETHER_TAP_READ_H
#define TETHER_TAP_READ_H

#include <stdbool.h>

#include "output/tap_list.h"

/* Queues one turn of reading for a tap, if none is queued. The caller holds taps->mutex. */
void tether__tap_schedule(tether__taps *taps, tether__tap *tap);

/* Schedules reading the output of a task, if the task has a tap. The catalog calls this as its
 * on_end, upon which the output is read to its end. `taps` is a tether__taps. Any thread. Any lock
 * of the catalog may be held; takes taps->mutex. */
void tether__taps_schedule(const char *task_id, void *taps);

/* The functions of tether__reaper_observer (engine/reaper.h), which only queue the reading. `taps`
 * is a tether__taps. */
bool tether__taps_output_grew(int tag, void *taps);
bool tether__taps_schedule_unwatched(void *taps);

/* Stores the progress of kept watches for the next host. Call this while the registry is being
 * closed, after its events were stopped. The caller holds no lock. */
void tether__taps_save(tether__taps *taps);

#endif
