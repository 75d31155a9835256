/* Owns the conversion from a registry to the struct with this room's members, and what that knows
 * about this process.
 * Must not: know how these are used.
 * Thread: any. */
#include "task/tasks.h"

#include <stdlib.h>

#include "os/companion.h"

tether__tasks *tether__tasks_of(tether_registry *registry)
{
    /* Valid, because registry/ allocates every registry as the whole struct. */
    return (tether__tasks *)(void *)registry;
}

int tether__tasks_bind(tether_registry *registry, const tether__bond **bond, tether_error *error)
{
    tether__bond *own = &tether__tasks_of(registry)->bond;
    uv_mutex_lock(&registry->catalog.state);
    int code = own->open ? TETHER_OK : tether__os_bond_open(own, error);
    uv_mutex_unlock(&registry->catalog.state);
    *bond = code == TETHER_OK ? own : NULL;
    return code;
}

void tether__tasks_unbind(tether_registry *registry)
{
    tether__os_bond_close(&tether__tasks_of(registry)->bond);
}

void tether__tasks_facts(tether_registry *registry, tether__facts *facts)
{
    tether__facts *known = &tether__tasks_of(registry)->facts;
    uv_mutex_lock(&registry->catalog.state);
    *facts = *known;
    uv_mutex_unlock(&registry->catalog.state);
    if (facts->asked)
        return;
    tether__facts_ask(&registry->store.here, facts);
    uv_mutex_lock(&registry->catalog.state);
    *known = *facts;
    uv_mutex_unlock(&registry->catalog.state);
}

int tether__tasks_find_monitor(tether_registry *registry, const char *name, char **path,
                               tether_error *error)
{
    char **known = &tether__tasks_of(registry)->monitor;
    uv_mutex_lock(&registry->catalog.state);
    char *found = *known;
    uv_mutex_unlock(&registry->catalog.state);
    const bool remembered = found != NULL;
    int code = tether__os_find_companion(name, TETHER__MONITOR_VARIABLE, &found, path, error);
    if (remembered || found == NULL)
        return code;
    uv_mutex_lock(&registry->catalog.state);
    if (*known == NULL) {
        *known = found;
        found = NULL;
    }
    uv_mutex_unlock(&registry->catalog.state);
    free(found); /* another thread was faster */
    return code;
}
