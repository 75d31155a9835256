/* Owns the turns of a registry that its host runs.
 * Must not: know what happens in a turn, or touch the registry after a callback has closed it.
 * Thread: any, one at a time. */
#include "tether/dispatch.h"

#include <stdlib.h>

#include "base/error.h"
#include "registry/dispatcher.h"
#include "registry/registry.h"

int tether__dispatcher_open(tether__dispatcher **out, tether_error *error)
{
    *out = NULL;
    tether__dispatcher *dispatcher = calloc(1, sizeof *dispatcher);
    if (dispatcher == NULL)
        return tether__fail_memory(error, "open registry");
    int code = tether__os_pollable_open(&dispatcher->pollable, error);
    if (code != TETHER_OK) {
        free(dispatcher);
        return code;
    }
    *out = dispatcher;
    return TETHER_OK;
}

static void free_dispatcher(tether__dispatcher *dispatcher)
{
    tether__os_pollable_close(dispatcher->pollable);
    free(dispatcher);
}

void tether__dispatcher_close(tether__dispatcher *dispatcher)
{
    if (dispatcher != NULL && dispatcher->running)
        dispatcher->closed = true;
    else if (dispatcher != NULL)
        free_dispatcher(dispatcher);
}

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
    free_dispatcher(dispatcher);
    return tether__fail(error, TETHER_ECLOSED, 0, "dispatch", "a callback has closed the registry");
}
