/* Seam: thread operations that libuv lacks. */
#ifndef TETHER_OS_THREAD_H
#define TETHER_OS_THREAD_H

#include <uv.h>

/* Lets a thread free its resources when it ends, instead of being joined. */
void tether__os_thread_detach(uv_thread_t *thread);

#endif
