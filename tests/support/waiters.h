/* How many calls wait in a registry, so that a test need not guess when one has begun to. */
#ifndef TETHER_TEST_WAITERS_H
#define TETHER_TEST_WAITERS_H

#include <stddef.h>

#include "engine/core.h"

/* Returns the number of threads inside blocking calls. */
static inline size_t test_waiters(tether_registry *registry)
{
    uv_mutex_lock(&registry->catalog.state);
    size_t count = registry->gate.inside;
    uv_mutex_unlock(&registry->catalog.state);
    return count;
}

#endif
