/* gc.json of a store: when garbage was last collected, and earlier readings of the wall clock. Any
 * thread. There is no lock: the last writer wins. docs/format.md defines the fields. */
#ifndef TETHER_GC_STATE_H
#define TETHER_GC_STATE_H

#include "format/age.h"
#include "store/store.h"

typedef struct tether__gc_state {
    tether__clock_history clock;
    tether__moment collected; /* the last complete collection; wall_ms 0: none */
    tether__moment stopped;   /* the last one that was stopped before it was complete; likewise */
} tether__gc_state;

/* Reads gc.json. If the file is missing, damaged or of a newer version, *state is all zero. Fails
 * if it is not known what the file says, such as for lack of descriptors; its content must not be
 * replaced then. */
int tether__gc_state_load(const tether__store *store, tether__gc_state *state, tether_error *error);

/* Replaces gc.json. */
int tether__gc_state_save(const tether__store *store, const tether__gc_state *state,
                          tether_error *error);

/* Reads the clocks, and the boot id if the open store does not remember it. */
void tether__moment_now(const tether__here *here, tether__moment *now);

#endif
