/* Owns the stubs where no process is watched for its exit: the lifeline's event reports every exit,
 * or the platform has no events at all and the reaper polls.
 * Must not: accept a process to wait for.
 * Thread: any. */
#include "os/ends.h"

#include <stddef.h>

#include "base/error.h"

int tether__os_ends_open(struct uv_loop_s *loop, tether__ends_cb cb, void *userdata,
                         tether__ends **ends, tether_error *error)
{
    (void)loop;
    (void)cb;
    (void)userdata;
    (void)error;
    *ends = NULL;
    return TETHER_OK;
}

int tether__os_ends_add(tether__ends *ends, const char *task_id, const tether__identity *process,
                        tether_error *error)
{
    (void)ends;
    (void)task_id;
    (void)process;
    return tether__fail(error, TETHER_ENOTSUP, 0, "watch process",
                        "this platform reports process exits through the lifeline");
}

void tether__os_ends_close(tether__ends *ends, void (*closed)(void *userdata))
{
    (void)ends;
    (void)closed;
}
