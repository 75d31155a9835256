/* Owns detaching threads, and initialising loops.
 * Must not: start a thread, or run a loop.
 * Thread: any. */
#include "os/thread.h"

#include <windows.h>

#include "base/error.h"

/* A thread runs on without its handle, which only serves to wait for it. */
void tether__os_thread_detach(uv_thread_t *thread)
{
    CloseHandle(*thread);
}

/* A process has room for millions of handles. */
int tether__os_loop_room(tether_error *error)
{
    (void)error;
    return TETHER_OK;
}

int tether__os_loop_init(uv_loop_t *loop, tether_error *error)
{
    if (uv_loop_init(loop) == 0)
        return TETHER_OK;
    return tether__fail(error, TETHER_ELIMIT, 0, "start loop",
                        "no event loop can be created; end some programs");
}
