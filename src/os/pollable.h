/* Seam: what the loop of a host waits for if it gives the registry neither a loop nor a thread.
 * Where the system can wait for a whole loop of libuv, that is what it is, and the registry runs on
 * that loop; elsewhere it is an object that is signalled by hand, while the registry has a thread.
 */
#ifndef TETHER_OS_POLLABLE_H
#define TETHER_OS_POLLABLE_H

#include <stdint.h>
#include <uv.h>

#include "tether/error.h"

typedef struct tether__pollable tether__pollable;

/* TETHER_ELIMIT, TETHER_ENOMEM. Any thread. */
int tether__os_pollable_open(tether__pollable **pollable, tether_error *error);

/* The loop that it stands for; NULL: it has none, and is signalled by hand. */
uv_loop_t *tether__os_pollable_loop(tether__pollable *pollable);

/* A descriptor or a HANDLE. */
intptr_t tether__os_pollable_handle(const tether__pollable *pollable);

/* Makes it ready. Does nothing to one that has a loop. Any thread. */
void tether__os_pollable_signal(tether__pollable *pollable);

/* Makes it not ready and runs one turn of the loop, if it has one, without waiting. Returns after
 * how many milliseconds the loop has a timer; -1: never. One thread at a time. */
int64_t tether__os_pollable_turn(tether__pollable *pollable);

/* Runs the loop until its closing handles are closed; all are. NULL is allowed. Not during a turn.
 */
void tether__os_pollable_close(tether__pollable *pollable);

#endif
