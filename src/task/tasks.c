/* Owns the conversion from a registry to the struct with this room's members, and what that knows
 * about this process.
 * Must not: know how these are used.
 * Thread: any. */
#include "task/tasks.h"

tether__tasks *tether__tasks_of(tether_registry *registry)
{
    /* Valid, because registry/ allocates every registry as the whole struct. */
    return (tether__tasks *)(void *)registry;
}

void tether__tasks_facts(tether_registry *registry, tether__facts *facts)
{
    tether__facts *known = &tether__tasks_of(registry)->facts;
    uv_mutex_lock(&registry->catalog.state);
    *facts = *known;
    uv_mutex_unlock(&registry->catalog.state);
    if (facts->asked)
        return;
    tether__facts_ask(facts);
    uv_mutex_lock(&registry->catalog.state);
    *known = *facts;
    uv_mutex_unlock(&registry->catalog.state);
}
