/* Owns the stubs where no process is watched for its exit: the platform has no such events, and the
 * reaper polls.
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
                        "this platform has no events of process exits");
}

void tether__os_ends_remove(tether__ends *ends, const char *task_id)
{
    (void)ends;
    (void)task_id;
}

void tether__os_ends_close(tether__ends *ends, void (*closed)(void *userdata))
{
    (void)ends;
    (void)closed;
}
