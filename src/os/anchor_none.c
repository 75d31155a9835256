/* Owns saying that monitors of this system cannot watch another process or task.
 * Must not: pretend that one was opened.
 * Thread: any. */
#include "os/anchor.h"

#include "base/error.h"

static int refuse(tether__anchor *anchor, tether_error *error)
{
    *anchor = (tether__anchor){0};
    return tether__fail(error, TETHER_ENOTSUP, 0, "watch anchor",
                        "no monitor of this system ends a task with another task or process; leave "
                        "out while_task and while_pid");
}

int tether__os_anchor_process(int64_t pid, tether__anchor *anchor, tether_error *error)
{
    (void)pid;
    return refuse(anchor, error);
}

int tether__os_anchor_task(tether__dir *exits, const char *task_id,
                           const tether__identity *supervisor, tether__anchor *anchor,
                           tether_error *error)
{
    (void)exits;
    (void)task_id;
    (void)supervisor;
    return refuse(anchor, error);
}

void tether__os_anchor_close(tether__anchor *anchor)
{
    (void)anchor;
}
