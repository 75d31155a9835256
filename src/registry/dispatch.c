/* Owns the turns of a registry that its host runs.
 * Must not: know what happens in a turn, or touch the registry after a callback has closed it.
 * Thread: any, one at a time. */
#include "tether/dispatch.h"

#include "base/error.h"
#include "registry/dispatcher.h"
#include "registry/registry.h"

static tether__dispatcher *find(tether_registry *registry, const char *step, tether_error *error)
{
    tether__dispatcher *dispatcher = ((tether__whole *)(void *)registry)->dispatcher;
    if (dispatcher == NULL)
        tether__fail(error, TETHER_EINVAL, 0, step,
                     "the registry runs by itself; open it with the option dispatch");
    return dispatcher;
}

int tether_pollable(tether_registry *registry, intptr_t *pollable, tether_error *error)
{
    tether__dispatcher *dispatcher = find(registry, "find pollable", error);
    if (dispatcher == NULL)
        return TETHER_EINVAL;
    *pollable = tether__os_pollable_handle(dispatcher->pollable);
    return TETHER_OK;
}

/* Stores when the next turn is due, in milliseconds from now. */
static void run_turn(tether_registry *registry, tether__dispatcher *dispatcher, int64_t *next_ms)
{
    tether__events *events = registry->catalog.events;
    tether__reaper_runs_here(registry->reaper);
    dispatcher->running = true;
    *next_ms = tether__os_pollable_turn(dispatcher->pollable);
    if (!dispatcher->closed && tether__events_turn(events))
        *next_ms = 0;
    dispatcher->running = false;
}

int tether_dispatch(tether_registry *registry, int64_t *next_ms, tether_error *error)
{
    int64_t next = -1;
    tether__dispatcher *dispatcher = find(registry, "dispatch", error);
    if (dispatcher == NULL)
        return TETHER_EINVAL;
    if (dispatcher->running)
        return tether__fail(error, TETHER_EINVAL, 0, "dispatch",
                            "a turn is running already; return from the callback first");
    run_turn(registry, dispatcher, &next);
    if (next_ms != NULL)
        *next_ms = dispatcher->closed ? -1 : next;
    if (!dispatcher->closed)
        return TETHER_OK;
    tether__dispatcher_close(dispatcher);
    return tether__fail(error, TETHER_ECLOSED, 0, "dispatch", "a callback has closed the registry");
}
