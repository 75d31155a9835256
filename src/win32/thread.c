/* Owns detaching threads, and the check for room for a loop.
 * Must not: start a thread or a loop.
 * Thread: any. */
#include "os/thread.h"

#include <windows.h>

/* A thread runs on without its handle, which only serves to wait for it. */
void tether__os_thread_detach(uv_thread_t *thread)
{
    CloseHandle(*thread);
}

/* A process has room for millions of handles, and a loop that cannot be created fails. */
int tether__os_loop_room(tether_error *error)
{
    (void)error;
    return TETHER_OK;
}
