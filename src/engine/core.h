/* The part of a registry that this room and all rooms above it see. The rooms above add their own
 * parts (output/outputs.h, task/tasks.h); only registry/ knows the whole struct. */
#ifndef TETHER_CORE_H
#define TETHER_CORE_H

#include "engine/catalog.h"
#include "engine/gate.h"
#include "engine/reaper.h"
#include "engine/replay.h"
#include "store/holder.h"
#include "store/store.h"
#include "tether/registry.h"

struct tether_registry {
    tether__store store;
    tether__holder holder;   /* this registry as other processes see it */
    tether__session session; /* the one session whose tasks it starts */
    tether__catalog catalog; /* the tasks of that session */
    tether__reaper *reaper;
    tether__gate gate;
    /* Does what the opening has deferred: with `start`, starts the reaper and inspects the
     * session's tasks; without it, inspects those that are overdue. Does nothing once the reaper is
     * started. NULL: nothing was deferred. The caller holds no lock. */
    int (*catch_up)(tether_registry *registry, bool start, tether_error *error);
    bool by_turns; /* the reaper runs only in calls of the host (tether_dispatch), which may fail to
                      come */
    tether__swept swept; /* what the opening has swept and no collection has counted; guarded by the
                            catalog's `disk` */
};

#endif
