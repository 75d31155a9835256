/* gc.json of a store: when garbage was last collected, and what was seen of the wall clock. Any
 * thread; the last writer wins. docs/format.md has the fields. */
#ifndef TETHER_GC_STATE_H
#define TETHER_GC_STATE_H

#include "format/age.h"
#include "store/store.h"

typedef struct tether__gc_state {
    tether__clock_history clock;
    tether__moment collected; /* the last whole round; no moment: none */
} tether__gc_state;

/* Reads it. A file that is missing, damaged or of a newer version tells nothing. */
void tether__gc_state_load(const tether__store *store, tether__gc_state *state);

int tether__gc_state_save(const tether__store *store, const tether__gc_state *state,
                          tether_error *error);

/* What the clocks say now. */
void tether__moment_now(tether__moment *now);

#endif
