/* Owns detaching threads, and initialising loops.
 * Must not: start a thread, or run a loop.
 * Thread: any. */
#include "os/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/error.h"
#include "posix/error.h"

/* Two pipes, the loop itself and its wakeup. */
enum { LOOP_DESCRIPTORS = 6 };

void tether__os_thread_detach(uv_thread_t *thread)
{
    pthread_detach(*thread);
}

/* Opens as many descriptors as a loop needs, and closes them again. A directory, because a device
 * may be missing and a pipe cannot be created close-on-exec on every system. */
int tether__os_loop_room(tether_error *error)
{
    int fds[LOOP_DESCRIPTORS];
    int count = 0, os_error = 0;
    while (os_error == 0 && count < LOOP_DESCRIPTORS) {
        fds[count] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fds[count] >= 0)
            count++;
        else
            os_error = errno;
    }
    while (count > 0)
        close(fds[--count]);
    /* Any other failure says nothing about the room. */
    if (os_error == EMFILE || os_error == ENFILE || os_error == ENOMEM)
        return tether__posix_fail(error, os_error, "start loop", "the event loop");
    return TETHER_OK;
}

/* After a failure libuv leaves the descriptor open on which the loop would wait, but nothing else.
 */
int tether__os_loop_init(uv_loop_t *loop, tether_error *error)
{
    int code = tether__os_loop_room(error);
    if (code != TETHER_OK)
        return code;
    loop->backend_fd = -1;
    int result = uv_loop_init(loop);
    if (result == 0)
        return TETHER_OK;
    if (loop->backend_fd >= 0)
        close(loop->backend_fd);
    return tether__fail(error, TETHER_ELIMIT, -result, "start loop",
                        "no event loop can be created; raise the limit of descriptors (ulimit -n)");
}
