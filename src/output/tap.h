/* Taps: what reads a task's output while it grows, for watches and rings. Taps read where callbacks
 * run, so that they delay neither the reaper nor other calls. */
#ifndef TETHER_TAP_H
#define TETHER_TAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ring.h"
#include "search/search.h"
#include "tether/error.h"
#include "tether/registry.h"

typedef struct tether__taps tether__taps;

/* Creates the taps of a registry, whose events must be open. */
int tether__taps_open(tether_registry *registry, tether__taps **taps, tether_error *error);

/* Frees the taps. Pass it to tether__events_close as `dispose`. NULL is allowed. */
void tether__taps_dispose(void *taps);

/* Adds a search to the task's tap, and owns it from now on, even after a failure. TETHER_EQUOTA if
 * the task has TETHER_WATCHES_PER_TASK searches. The catalog must know the task. The caller holds
 * no lock of the catalog. */
int tether__taps_add(tether__taps *taps, const char *task_id, tether__search *search,
                     tether_error *error);

/* Removes a search, or all of them (number 0), without a WATCH_END event. Returns false if there
 * was none. Any lock of the catalog may be held. */
bool tether__taps_remove(tether__taps *taps, const char *task_id, int number);

/* Locks and unlocks the numbers. Held while a search gets its number and is added, so that no two
 * searches get the same number. Taken before all other locks. Not recursive. */
void tether__taps_lock_numbers(tether__taps *taps);
void tether__taps_unlock_numbers(tether__taps *taps);

/* The first returns the largest number in use so far; the second notes that a number is in use. No
 * number is used twice, so that a late event of a removed search cannot be mistaken for one of
 * another search. The caller has called tether__taps_lock_numbers. */
int tether__taps_last_number(const tether__taps *taps);
void tether__taps_note_number(tether__taps *taps, int number);

/* Replaces the task's ring, and owns the new one from now on, even after a failure. NULL only
 * removes the present one. The catalog must know the task. The caller holds no lock. */
int tether__taps_set_ring(tether__taps *taps, const char *task_id, tether__ring *ring,
                          tether_error *error);

/* Copies the newest bytes of the task's ring. Returns false if the task has no ring. Any lock of
 * the catalog may be held. */
bool tether__taps_read_ring(tether__taps *taps, const char *task_id, void *buffer, size_t size,
                            size_t *got);

#endif
