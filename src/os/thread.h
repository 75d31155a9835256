/* Seam: what libuv's threads and loops lack. */
#ifndef TETHER_OS_THREAD_H
#define TETHER_OS_THREAD_H

#include <uv.h>

#include "tether/error.h"

/* Lets a thread free its resources when it ends, instead of being joined. */
void tether__os_thread_detach(uv_thread_t *thread);

/* Checks that there is room for the first loop of this process. TETHER_ELIMIT. Any thread. */
int tether__os_loop_room(tether_error *error);

/* Initialises a loop as uv_loop_init does, after that check: uv_loop_init does not fail but aborts
 * the process if it cannot create all descriptors of its first loop. Between the two, another
 * thread can still take what was free. Leaves nothing open on failure. TETHER_ELIMIT. Any thread.
 */
int tether__os_loop_init(uv_loop_t *loop, tether_error *error);

#endif
