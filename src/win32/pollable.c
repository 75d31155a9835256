/* Owns an event for a host's own loop to wait for: a libuv loop has no handle of this kind here.
 * Must not: know what it is signalled for.
 * Thread: any. */
#include "os/pollable.h"

#include <stdlib.h>
#include <windows.h>

#include "base/error.h"
#include "win32/error.h"

struct tether__pollable {
    HANDLE event;
};

int tether__os_pollable_open(tether__pollable **out, tether_error *error)
{
    *out = NULL;
    tether__pollable *pollable = calloc(1, sizeof *pollable);
    if (pollable == NULL)
        return tether__fail_memory(error, "start loop");
    pollable->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (pollable->event == NULL) {
        int code = tether__win32_fail(error, GetLastError(), "start loop", "an event");
        free(pollable);
        return code;
    }
    *out = pollable;
    return TETHER_OK;
}

uv_loop_t *tether__os_pollable_loop(tether__pollable *pollable)
{
    (void)pollable;
    return NULL;
}

intptr_t tether__os_pollable_handle(const tether__pollable *pollable)
{
    return (intptr_t)pollable->event;
}

void tether__os_pollable_signal(tether__pollable *pollable)
{
    SetEvent(pollable->event);
}

int64_t tether__os_pollable_turn(tether__pollable *pollable)
{
    ResetEvent(pollable->event);
    return -1;
}

void tether__os_pollable_close(tether__pollable *pollable)
{
    if (pollable == NULL)
        return;
    CloseHandle(pollable->event);
    free(pollable);
}
