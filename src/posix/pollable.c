/* Owns a loop whose descriptor a host's own loop can wait for.
 * Must not: know what runs on it.
 * Thread: one at a time. */
#include "os/pollable.h"

#include <stdlib.h>

#include "base/error.h"
#include "os/thread.h"

struct tether__pollable {
    uv_loop_t loop;
};

int tether__os_pollable_open(tether__pollable **out, tether_error *error)
{
    *out = NULL;
    tether__pollable *pollable = calloc(1, sizeof *pollable);
    if (pollable == NULL)
        return tether__fail_memory(error, "start loop");
    int code = tether__os_loop_init(&pollable->loop, error);
    if (code != TETHER_OK) {
        free(pollable);
        return code;
    }
    *out = pollable;
    return TETHER_OK;
}

uv_loop_t *tether__os_pollable_loop(tether__pollable *pollable)
{
    return &pollable->loop;
}

intptr_t tether__os_pollable_handle(const tether__pollable *pollable)
{
    return uv_backend_fd(&pollable->loop);
}

void tether__os_pollable_signal(tether__pollable *pollable)
{
    (void)pollable;
}

int64_t tether__os_pollable_turn(tether__pollable *pollable)
{
    uv_run(&pollable->loop, UV_RUN_NOWAIT);
    return uv_backend_timeout(&pollable->loop);
}

void tether__os_pollable_close(tether__pollable *pollable)
{
    if (pollable == NULL)
        return;
    uv_run(&pollable->loop, UV_RUN_DEFAULT);
    uv_loop_close(&pollable->loop);
    free(pollable);
}
