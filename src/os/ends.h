/* Seam: events of the ends of processes, delivered on a libuv loop, for platforms on which no event
 * of a directory tells that a supervisor has died. */
#ifndef TETHER_OS_ENDS_H
#define TETHER_OS_ENDS_H

#include "os/process.h"
#include "tether/error.h"

struct uv_loop_s;
typedef struct tether__ends tether__ends;

/* Called on the loop's thread, under no lock. */
typedef void (*tether__ends_cb)(const char *task_id, void *userdata);

/* Opens a watcher on a loop; on the loop's thread, or before it runs. TETHER_OK with *ends NULL
 * where the event of the lifeline tells of every end by itself (see os_watch.h). TETHER_ELIMIT,
 * TETHER_ENOMEM. */
int tether__os_ends_open(struct uv_loop_s *loop, tether__ends_cb cb, void *userdata,
                         tether__ends **ends, tether_error *error);

/* Waits for the end of one process, which need not be a child; cb is called once, with this id. One
 * that is gone already, whose identity does not fit, or that hides from us raises its event at
 * once: whoever is told looks for himself. Any thread, also while locks are held: it never blocks
 * and never calls cb itself. TETHER_ELIMIT, TETHER_ENOMEM: its end must be polled for. */
int tether__os_ends_add(tether__ends *ends, const char *task_id, const tether__identity *process,
                        tether_error *error);

/* Closes it, on the loop's thread; closed(userdata) is called on the loop once nothing of it is
 * left. No other thread may be in a call any more. */
void tether__os_ends_close(tether__ends *ends, void (*closed)(void *userdata));

#endif
