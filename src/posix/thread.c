/* Owns the detaching of threads.
 * Must not: start any.
 * Thread: any. */
#include "os/thread.h"

#include <pthread.h>

void tether__os_thread_detach(uv_thread_t *thread)
{
    pthread_detach(*thread);
}
