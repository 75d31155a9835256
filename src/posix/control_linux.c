/* Owns the host's end of the control channel on Linux: a socket that keeps the borders of messages.
 * Must not: signal or trust a process that is not the task's monitor, or wait without a bound.
 * Thread: any. */
#include "os/control.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "os/clock.h"
#include "os/process.h"
#include "posix/dir.h"
#include "posix/error.h"
#include "posix/pidfd.h"

static const char step[] = "ask monitor";

enum { FIRST_PAUSE_MS = 1, LAST_PAUSE_MS = 32 };

bool tether__os_control_supported(void)
{
    return true;
}

static int fail_silent(const char *what, tether_error *error)
{
    return tether__fail(error, TETHER_ENOANSWER, 0, step,
                        "the monitor of the task %s; it may be stopped, or of an older version: "
                        "continue it with SIGCONT, or start the task again",
                        what);
}

/* --- The connection --- */

/* The name of the socket is as long as the path of the bundle, and an address has room for 107
 * bytes: the bundle's descriptor stands for its path. */
static int try_connect(const tether__dir *bundle, int fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control", bundle->fd);
    return connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
}

/* Whether the errno of a connect says that the socket is not there yet, or that the monitor has
 * more to do than it can. A file that is no socket is replaced by the monitor. */
static bool may_pass(int os_error)
{
    return os_error == ENOENT || os_error == ECONNREFUSED || os_error == EAGAIN ||
           os_error == EINTR || os_error == EPROTOTYPE || os_error == ELOOP;
}

/* The socket that was found could be another process's: the kernel tells who listens. */
static int check_peer(int fd, const tether__identity *monitor, tether_error *error)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return tether__posix_fail(error, errno, step, NULL);
    if (peer.uid != geteuid() || peer.pid != (pid_t)monitor->pid)
        return tether__fail(error, TETHER_EACCESS, 0, step,
                            "the socket `control` in the bundle is not that of the monitor "
                            "(process %lld), but of process %lld of user %lld; remove it",
                            (long long)monitor->pid, (long long)peer.pid, (long long)peer.uid);
    return TETHER_OK;
}

/* Asks for the channel, by a signal that every other program ignores. The process is pinned first
 * and checked then. */
static int nudge(const tether__identity *monitor, tether_error *error)
{
    int pidfd = tether__pidfd_open(monitor->pid);
    if (pidfd < 0 && errno == ESRCH)
        return fail_silent("has left", error);
    if (pidfd < 0)
        return tether__posix_fail(error, errno, step, "open process descriptor");
    int os_error = 0;
    tether__liveness alive = tether__os_process_alive(monitor);
    if (alive == TETHER__ALIVE)
        os_error = tether__pidfd_signal(pidfd, SIGURG);
    close(pidfd);
    if (alive == TETHER__GONE || os_error == ESRCH)
        return fail_silent("has left", error);
    if (alive != TETHER__ALIVE)
        return tether__fail(error, TETHER_EFOREIGN, 0, step,
                            "process %lld cannot be verified as the monitor of the task; try again "
                            "where the task was started",
                            (long long)monitor->pid);
    return os_error == 0 ? TETHER_OK : tether__posix_fail(error, os_error, step, "signal monitor");
}

static void nap(int pause_ms)
{
    const struct timespec pause = {.tv_nsec = pause_ms * 1000000L};
    nanosleep(&pause, NULL);
}

/* Connects at once if the channel is there, else asks for it and waits. */
static int connect_until(const tether__dir *bundle, const tether__identity *monitor,
                         int64_t until_ms, int fd, tether_error *error)
{
    int code = TETHER_OK, pause_ms = FIRST_PAUSE_MS, os_error = try_connect(bundle, fd);
    if (os_error != 0 && may_pass(os_error))
        code = nudge(monitor, error);
    while (code == TETHER_OK && os_error != 0 && may_pass(os_error)) {
        if (tether__os_monotonic_ms() >= until_ms)
            return fail_silent("has not made its control channel", error);
        if (tether__os_process_alive(monitor) == TETHER__GONE)
            return fail_silent("has left", error);
        nap(pause_ms);
        pause_ms = pause_ms < LAST_PAUSE_MS ? 2 * pause_ms : LAST_PAUSE_MS;
        os_error = try_connect(bundle, fd);
    }
    if (code == TETHER_OK && os_error != 0)
        code = tether__posix_fail(error, os_error, step, "connect to control");
    return code == TETHER_OK ? check_peer(fd, monitor, error) : code;
}

int tether__os_control_connect(tether__dir *bundle, const tether__identity *monitor,
                               int64_t until_ms, tether__channel_end *end, tether_error *error)
{
    end->handle = -1;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return tether__posix_fail(error, errno, step, "make socket");
    int code = connect_until(bundle, monitor, until_ms, fd, error);
    if (code == TETHER_OK)
        end->handle = fd;
    else
        close(fd);
    return code;
}

void tether__os_control_close(tether__channel_end *end)
{
    if (end->handle >= 0)
        close((int)end->handle);
    end->handle = -1;
}

/* --- Messages --- */

/* Waits until the socket can be read or written. */
static int wait_ready(int fd, short events, int64_t until_ms, tether_error *error)
{
    struct pollfd item = {.fd = fd, .events = events};
    for (;;) {
        int64_t left = until_ms - tether__os_monotonic_ms();
        int ready = poll(&item, 1, left > 0 ? (int)left : 0);
        if (ready > 0)
            return TETHER_OK;
        if (ready < 0 && errno != EINTR)
            return tether__posix_fail(error, errno, step, "wait for answer");
        if (ready == 0)
            return fail_silent("does not answer", error);
    }
}

/* Sends (`events` is POLLOUT) or receives one message. */
static int transfer(int fd, short events, struct iovec *part, size_t *got, int64_t until_ms,
                    tether_error *error)
{
    struct msghdr message = {.msg_iov = part, .msg_iovlen = 1};
    for (;;) {
        ssize_t size = events == POLLOUT ? sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT)
                                         : recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        int os_error = errno;
        *got = size > 0 ? (size_t)size : 0;
        if (size > 0)
            return TETHER_OK;
        if (size == 0 || os_error == EPIPE || os_error == ECONNRESET)
            return fail_silent("has closed the connection", error);
        if (os_error == EAGAIN) {
            int code = wait_ready(fd, events, until_ms, error);
            if (code != TETHER_OK)
                return code;
        } else if (os_error != EINTR)
            return tether__posix_fail(error, os_error, step, "transfer message");
    }
}

int tether__os_control_ask(const tether__channel_end *end, const void *request, size_t size,
                           void *answer, size_t capacity, size_t *got, int64_t until_ms,
                           tether_error *error)
{
    size_t sent;
    struct iovec out = {(void *)request, size}, in = {answer, capacity};
    *got = 0;
    int code = transfer((int)end->handle, POLLOUT, &out, &sent, until_ms, error);
    return code == TETHER_OK ? transfer((int)end->handle, POLLIN, &in, got, until_ms, error) : code;
}
