/* Taps: what reads a task's output as it grows, for watches and rings. The reading runs where
 * callbacks run, so that it delays nobody. */
#ifndef TETHER_TAP_H
#define TETHER_TAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ring.h"
#include "search/search.h"
#include "tether/error.h"
#include "tether/registry.h"

typedef struct tether__taps tether__taps;

/* Makes the taps of a registry, whose events are open. */
int tether__taps_open(tether_registry *registry, tether__taps **taps, tether_error *error);

/* Frees them, as the dispose of tether__events_close. NULL is allowed. */
void tether__taps_dispose(void *taps);

/* Adds a search to a task's tap, and takes it over in any case; TETHER_EQUOTA for one too many. The
 * catalog knows the task. Under no lock. */
int tether__taps_add(tether__taps *taps, const char *task_id, tether__search *search,
                     tether_error *error);

/* Ends a search, or all (number 0) without another word; false where there is none. Under no lock.
 */
bool tether__taps_remove(tether__taps *taps, const char *task_id, int number);

/* Around the choice of a search's number and its adding, so that no two get the same one. Before
 * all other locks; not from inside itself. */
void tether__taps_begin_adding(tether__taps *taps);
void tether__taps_end_adding(tether__taps *taps);

/* The largest number that was used here, and the noting of a new one: none is used again, so that
 * what is late for a removed search meets no other. While adding. */
int tether__taps_last_number(const tether__taps *taps);
void tether__taps_use_number(tether__taps *taps, int number);

/* Puts a ring in the place of the task's one, and takes it over (NULL: just ends that one). The
 * catalog knows the task. Under no lock. */
int tether__taps_set_ring(tether__taps *taps, const char *task_id, tether__ring *ring,
                          tether_error *error);

/* Copies from the task's ring; false where it has none. Under no lock. */
bool tether__taps_read_ring(tether__taps *taps, const char *task_id, void *buffer, size_t size,
                            size_t *got);

#endif
