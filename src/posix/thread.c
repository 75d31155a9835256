/* Owns detaching threads.
 * Must not: start a thread.
 * Thread: any. */
#include "os/thread.h"

#include <pthread.h>

void tether__os_thread_detach(uv_thread_t *thread)
{
    pthread_detach(*thread);
}
