/* Starting a thread, with an error that says why none can be started. Any thread. */
#ifndef TETHER_START_THREAD_H
#define TETHER_START_THREAD_H

#include <uv.h>

#include "tether/error.h"

/* Starts a thread; the caller joins it. TETHER_ELIMIT: a limit is reached; TETHER_ENOTSUP: the
 * system refuses threads. */
int tether__start_thread(uv_thread_t *thread, void (*run)(void *userdata), void *userdata,
                         const char *step, tether_error *error);

#endif
