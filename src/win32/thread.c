/* Owns detaching threads.
 * Must not: start any.
 * Thread: any. */
#include "os/thread.h"

#include <windows.h>

/* A thread runs on without its handle, which only serves to wait for it. */
void tether__os_thread_detach(uv_thread_t *thread)
{
    CloseHandle(*thread);
}
