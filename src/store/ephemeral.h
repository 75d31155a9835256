/* Stores in memory that are gone with their owner. docs/format.md has the layout. */
#ifndef TETHER_EPHEMERAL_H
#define TETHER_EPHEMERAL_H

#include "store/store.h"
#include "tether/error.h"

typedef struct tether__ephemeral tether__ephemeral;

/* Removes what owners that died have left, then makes a new store, opens it and holds its owner
 * lock. Nothing of the new one is left after a failure. Any thread. TETHER_ESTORE where the folder
 * of such stores cannot be trusted. */
int tether__ephemeral_open(tether__ephemeral **ephemeral, tether__store *store,
                           tether_error *error);

/* Removes the store, which is closed by now, and gives its lock back. A store in which a task lives
 * on is left to those who open one later. NULL is allowed. */
int tether__ephemeral_close(tether__ephemeral *ephemeral, tether_error *error);

#endif
