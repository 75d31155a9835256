/* Seam: the anchor of a task, which is a process or another task beside which it runs. The host
 * opens it before the start, so that no process is watched that has got the same pid later; the
 * monitor inherits it, and sleeps on it. */
#ifndef TETHER_OS_ANCHOR_H
#define TETHER_OS_ANCHOR_H

#include <stdbool.h>
#include <stdint.h>

#include "format/identity.h"
#include "os/file.h"
#include "tether/error.h"

/* All-zero: none. */
typedef struct tether__anchor {
    bool open;
    intptr_t process;  /* tells of the end of the process; of a task, that of its supervisor */
    bool is_task;      /* with the next two */
    intptr_t lifeline; /* to read the task's end from */
    intptr_t news;     /* tells that something was written there */
} tether__anchor;

/* Opens a process. TETHER_EENDED: there is none with this pid, or it is a zombie; TETHER_EINVAL:
 * this is no pid of a process; TETHER_ENOTSUP where monitors cannot watch one; TETHER_ELIMIT. Never
 * blocks; any thread. */
int tether__os_anchor_process(int64_t pid, tether__anchor *anchor, tether_error *error);

/* Opens a task of the session with this directory of lifelines. TETHER_EENDED: it has ended;
 * TETHER_EFOREIGN: its supervisor cannot be identified from here; others as above. */
int tether__os_anchor_task(tether__dir *exits, const char *task_id,
                           const tether__identity *supervisor, tether__anchor *anchor,
                           tether_error *error);

/* Closes this process's copy. None is no error. */
void tether__os_anchor_close(tether__anchor *anchor);

#endif
