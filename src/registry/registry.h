/* The whole registry: the parts that belong to the rooms below, and those that only opening and
 * closing use. */
#ifndef TETHER_REGISTRY_INTERNAL_H
#define TETHER_REGISTRY_INTERNAL_H

#include "care/housekeeper.h"
#include "registry/dispatcher.h"
#include "store/ephemeral.h"
#include "task/tasks.h"

typedef struct tether__whole {
    /* First, so that a pointer to the tether_registry at its start (tasks.outputs.core) is also a
     * pointer to the whole. */
    tether__tasks tasks;
    tether__ephemeral *ephemeral;     /* NULL: the store is not ephemeral */
    tether__housekeeper *housekeeper; /* NULL: none was started */
    tether__dispatcher *dispatcher;   /* NULL: the host does not run the registry by turns */
    tether_reaper_mode reaper_mode;
    uv_mutex_t opening; /* held while a deferred opening is completed; taken before all others */
    bool complete;      /* nothing of the opening is deferred any more; guarded by `opening` */
} tether__whole;

#endif
