/* What a reaper tells a room above it. */
#ifndef TETHER_REAPER_OBSERVER_H
#define TETHER_REAPER_OBSERVER_H

#include <stdbool.h>

/* Stands for all bundles, where a function takes the tag of one (see tether__reaper_follow). */
#define TETHER__REAPER_ALL_BUNDLES (-1)

/* Follows the outputs of tasks. The reaper calls both functions on the loop's thread, where the
 * caller holds no lock. Both only schedule the reading, which happens where callbacks run. */
typedef struct tether__reaper_observer {
    /* Schedules the reading of the bundle with this tag, or of all (TETHER__REAPER_ALL_BUNDLES),
     * because the output may have grown. Returns whether any bundle is followed, whatever its tag:
     * a polling reaper then polls more often. */
    bool (*grown)(int tag, void *userdata);
    /* Schedules the reading of the followed bundles that raise no events. Returns whether there are
     * any: the reaper then calls this again after a while. */
    bool (*unwatched)(void *userdata);
    void *userdata;
} tether__reaper_observer;

#endif
