/* How calls wait: note what has changed so far, look, sleep until more has. */
#ifndef TETHER_WAITING_H
#define TETHER_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/core.h"

/* No wait is so long that it has to be told from one without an end (and the sum with a clock
 * holds). */
#define TETHER__WAIT_FOREVER_MS (INT64_MAX / 2)

typedef struct tether__wait {
    tether_registry *registry;
    const char *step; /* for errors; static */
    int64_t deadline; /* monotonic; -1: none */
    uint64_t seen;
    bool inside;
} tether__wait;

/* Begins a wait of up to timeout_ms (-1: for ever). TETHER_EINVAL on the thread of the loop, which
 * cannot wait for what the loop tells (0 is no wait); TETHER_ECLOSED. End it in every case. */
int tether__wait_begin(tether_registry *registry, const char *step, int64_t timeout_ms,
                       tether__wait *wait, tether_error *error);

/* Before each look: what changes after it is not slept through. TETHER_ECLOSED. */
int tether__wait_prepare(tether__wait *wait, tether_error *error);

/* After a look that found nothing: sleeps until something has changed since the note, or a while
 * has passed. *quiet (NULL: not wanted): nothing has; events may not come, so that the disk itself
 * has to be looked at. TETHER_ETIMEDOUT. */
int tether__wait_sleep(tether__wait *wait, bool *quiet, tether_error *error);

void tether__wait_end(tether__wait *wait);

#endif
