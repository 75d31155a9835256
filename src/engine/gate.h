/* The gate of a registry counts the threads inside its blocking calls. Closing the registry makes
 * these calls return, and waits until the last thread has left. */
#ifndef TETHER_GATE_H
#define TETHER_GATE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/catalog.h"
#include "tether/error.h"

typedef struct tether__gate {
    tether__catalog *catalog; /* outlives the gate */
    bool closing;             /* guarded by the catalog's `state` */
    size_t inside;            /* threads inside blocking calls; guarded by `state` */
} tether__gate;

void tether__gate_init(tether__gate *gate, tether__catalog *catalog);

/* Called around a blocking call. tether__gate_enter fails with TETHER_ECLOSED once the registry is
 * closing; call tether__gate_leave once for each enter that succeeded. Takes `state`; any thread.
 */
int tether__gate_enter(tether__gate *gate, tether_error *error);
void tether__gate_leave(tether__gate *gate);

/* Makes the gate fail as if it were closing, and wakes all threads inside. Does not wait for them.
 * Takes `state`; any thread. */
void tether__gate_shut(tether__gate *gate);

/* Closes the gate: wakes all threads inside, whose calls return TETHER_ECLOSED, and returns after
 * the last one has left. Takes `state`. Must not be called from inside a blocking call. */
void tether__gate_close(tether__gate *gate);

#endif
