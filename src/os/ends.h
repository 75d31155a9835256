/* Seam: exits of processes as events on a libuv loop.
 *
 * Where the close of a file raises an event (tether__os_watch_tells_close), the lifeline tells of
 * the exits of supervisors, unless another process holds a copy of it. A process is added there
 * only while somebody waits for its exit, because each costs a descriptor. Elsewhere this seam
 * tells of all exits: the supervisor of every running task is added, and stays until it has exited.
 */
#ifndef TETHER_OS_ENDS_H
#define TETHER_OS_ENDS_H

#include "os/process.h"
#include "tether/error.h"

struct uv_loop_s;
typedef struct tether__ends tether__ends;

/* Called on the loop's thread, with no lock held. */
typedef void (*tether__ends_cb)(const char *task_id, void *userdata);

/* How many names may be added at once where the close of a file raises an event. */
#define TETHER__ENDS_LIMIT 64

/* Opens a watcher on a loop. Call it on the loop's thread, or before the loop runs. Returns
 * TETHER_OK with *ends NULL where the platform has no such events, or can do without.
 * TETHER_ELIMIT, TETHER_ENOMEM. */
int tether__os_ends_open(struct uv_loop_s *loop, tether__ends_cb cb, void *userdata,
                         tether__ends **ends, tether_error *error);

/* Registers a process, which need not be a child: when it exits, the loop calls cb once with this
 * task id. The loop also calls cb, soon, if the process has already exited, its identity does not
 * match, or it may not be watched: the callback has to probe the task itself. Any thread, also
 * while locks are held: this function never blocks, and never calls cb itself. TETHER_ELIMIT,
 * TETHER_ENOMEM: the caller has to poll for the exit.
 *
 * Where the close of a file raises an event, the name may also be another one than a task's, such
 * as that of a holder. A name that is added again shares what there is, and needs one more call of
 * remove. TETHER_ENOTSUP: nothing proves which process the identity denotes, or the system refuses
 * such events. */
int tether__os_ends_add(tether__ends *ends, const char *task_id, const tether__identity *process,
                        tether_error *error);

/* Undoes one successful add. Any thread; never blocks. Does nothing where this seam tells of all
 * exits. */
void tether__os_ends_remove(tether__ends *ends, const char *task_id);

/* Closes the watcher, on the loop's thread. closed(userdata) runs on the loop once all resources
 * are freed. No other thread may be inside a call on this watcher. */
void tether__os_ends_close(tether__ends *ends, void (*closed)(void *userdata));

#endif
