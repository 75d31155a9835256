/* Ephemeral stores: stores in memory that are removed with their owner. docs/format.md has the
 * layout. */
#ifndef TETHER_EPHEMERAL_H
#define TETHER_EPHEMERAL_H

#include "store/store.h"
#include "tether/error.h"

typedef struct tether__ephemeral tether__ephemeral;

/* Removes the stores of dead owners, then creates and opens a new store and holds its owner lock.
 * Leaves nothing of the new store behind on failure. Any thread. TETHER_ESTORE: the folder of
 * ephemeral stores cannot be trusted. */
int tether__ephemeral_open(tether__ephemeral **ephemeral, tether__store *store,
                           tether_error *error);

/* Removes the store, which the caller has closed, and releases its lock. A store with a task that
 * still runs stays on disk; a later open removes it. NULL is allowed. */
int tether__ephemeral_close(tether__ephemeral *ephemeral, tether_error *error);

#endif
