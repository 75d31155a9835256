/* Owns the detaching of threads.
 * Must not: start any.
 * Thread: any. */
#include "os/thread.h"

#include <windows.h>

/* A thread lives by itself; its handle only lets others wait for it. */
void tether__os_thread_detach(uv_thread_t *thread)
{
    CloseHandle(*thread);
}
