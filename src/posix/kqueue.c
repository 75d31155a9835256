/* Owns the creation of kernel queues that a libuv loop polls.
 * Must not: know what they watch.
 * Thread: the loop's, or any before it runs. */
#include "posix/kqueue.h"

#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/event.h>
#include <unistd.h>

#include "base/error.h"
#include "posix/error.h"

int tether__kqueue_open(uv_loop_t *loop, uv_poll_t *poll, uv_poll_cb on_readable, int *queue,
                        const char *step, tether_error *error)
{
    *queue = kqueue();
    if (*queue < 0) {
        int os_error = errno;
        return tether__posix_fail(error, os_error, step, "kqueue");
    }
    /* A child of fork does not inherit a queue, but a child of posix_spawn might. */
    fcntl(*queue, F_SETFD, FD_CLOEXEC);
    if (uv_poll_init(loop, poll, *queue) != 0) {
        close(*queue);
        *queue = -1;
        return tether__fail(error, TETHER_ESYSTEM, 0, step, "the event loop cannot poll a kqueue");
    }
    uv_poll_start(poll, UV_READABLE, on_readable);
    return TETHER_OK;
}
