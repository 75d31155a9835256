/* Seam: what libuv's threads lack. */
#ifndef TETHER_OS_THREAD_H
#define TETHER_OS_THREAD_H

#include <uv.h>

/* Lets a thread free itself at its end, instead of being joined. */
void tether__os_thread_detach(uv_thread_t *thread);

#endif
