/* Owns what the loop of a host waits for, while a registry is open.
 * Must not: know the registry.
 * Thread: one at a time. */
#include "registry/dispatcher.h"

#include <stdlib.h>

#include "base/error.h"

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
