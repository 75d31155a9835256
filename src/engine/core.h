/* A registry as every room from here on up sees it. The rooms above add what they own to it
 * (output/outputs.h, task/tasks.h); registry/ alone knows the whole. */
#ifndef TETHER_CORE_H
#define TETHER_CORE_H

#include "engine/catalog.h"
#include "engine/gate.h"
#include "engine/reaper.h"
#include "store/holder.h"
#include "store/store.h"
#include "tether/registry.h"

struct tether_registry {
    tether__store store;
    tether__holder holder;
    tether__session session;
    tether__catalog catalog;
    tether__reaper *reaper;
    tether__gate gate;
};

#endif
