/* The gate of a registry: the threads inside its blocking calls. Closing the registry sends them
 * away and waits until the last one has left. Guarded by the catalog's `state`. */
#ifndef TETHER_GATE_H
#define TETHER_GATE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/catalog.h"
#include "tether/error.h"

typedef struct tether__gate {
    tether__catalog *catalog; /* outlives the gate */
    bool closing;             /* under `state` */
    size_t inside;            /* threads inside a blocking call; under `state` */
} tether__gate;

void tether__gate_init(tether__gate *gate, tether__catalog *catalog);

/* Around a blocking call. Enter fails with TETHER_ECLOSED once the registry is closing; leave
 * belongs to every enter that succeeded. Take `state`; any thread. */
int tether__gate_enter(tether__gate *gate, tether_error *error);
void tether__gate_leave(tether__gate *gate);

/* Wakes all threads inside, whose calls return TETHER_ECLOSED, and returns when they have left.
 * Takes `state`; not from inside a blocking call. */
void tether__gate_close(tether__gate *gate);

#endif
