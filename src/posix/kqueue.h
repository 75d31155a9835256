/* Kernel queues, for the other files of this folder. */
#ifndef TETHER_KQUEUE_H
#define TETHER_KQUEUE_H

#include <uv.h>

#include "tether/error.h"

/* Creates a close-on-exec queue and starts to poll it on a loop. The caller stops and closes
 * `poll`, and then closes the queue. */
int tether__kqueue_open(uv_loop_t *loop, uv_poll_t *poll, uv_poll_cb on_readable, int *queue,
                        const char *step, tether_error *error);

#endif
