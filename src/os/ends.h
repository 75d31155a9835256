/* Seam: exits of processes as events on a libuv loop, for platforms where the death of a supervisor
 * raises no directory event. */
#ifndef TETHER_OS_ENDS_H
#define TETHER_OS_ENDS_H

#include "os/process.h"
#include "tether/error.h"

struct uv_loop_s;
typedef struct tether__ends tether__ends;

/* Called on the loop's thread, with no lock held. */
typedef void (*tether__ends_cb)(const char *task_id, void *userdata);

/* Opens a watcher on a loop. Call it on the loop's thread, or before the loop runs. Returns
 * TETHER_OK with *ends NULL where this seam is not needed: the event of the lifeline reports every
 * exit (see os/watch.h), or the platform has no events and the reaper polls. TETHER_ELIMIT,
 * TETHER_ENOMEM. */
int tether__os_ends_open(struct uv_loop_s *loop, tether__ends_cb cb, void *userdata,
                         tether__ends **ends, tether_error *error);

/* Registers a process, which need not be a child: when it exits, the loop calls cb once with this
 * task id. The loop also calls cb, soon, if the process has already exited, its identity does not
 * match, or it may not be watched: the callback has to probe the task itself. Any thread, also
 * while locks are held: this function never blocks, and never calls cb itself. TETHER_ELIMIT,
 * TETHER_ENOMEM: the caller has to poll for the exit. */
int tether__os_ends_add(tether__ends *ends, const char *task_id, const tether__identity *process,
                        tether_error *error);

/* Closes the watcher, on the loop's thread. closed(userdata) runs on the loop once all resources
 * are freed. No other thread may be inside a call on this watcher. */
void tether__os_ends_close(tether__ends *ends, void (*closed)(void *userdata));

#endif
