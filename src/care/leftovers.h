/* What interrupted operations have left in a session. */
#ifndef TETHER_LEFTOVERS_H
#define TETHER_LEFTOVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/replay.h"
#include "tether/error.h"

typedef struct tether__leftovers {
    int64_t now_ms;                  /* by the wall clock */
    bool (*stopped)(void *userdata); /* NULL: not in the background, a caller waits */
    void *stopped_userdata;
    tether__swept swept; /* what was done */
} tether__leftovers;

/* Removes the lifelines and bundles without a record that no living process owns, and temporary
 * files of the session's directory and, in the foreground, of its bundles; what shows that a
 * record was lost goes to the quarantine. Counts both in pass->swept. In the background leaves a
 * session whose lock is held to the next collection, and ends before the next name once stopped()
 * returns true. Continues after a name that cannot be removed, and returns the first such failure.
 * Any thread. The caller holds no lock. */
int tether__leftovers_remove(tether__leftovers *pass, tether__catalog *catalog,
                             tether_error *error);

#endif
