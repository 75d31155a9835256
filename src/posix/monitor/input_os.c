/* Owns the writing end of the pipe that is the command's standard input.
 * Must not: wait for a reader.
 * Thread: the only one. */
#include "monitor/input_os.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "posix/raise_fd.h"

enum { ABOVE_STANDARD = 3 };

static int pipe_end = -1;

/* Only the monitor's end does not wait: the two are separate open files. */
bool tether__input_os_open(int *os_error)
{
    int ends[2];
    *os_error = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        *os_error = errno;
        return false;
    }
    pipe_end = tether__posix_raise_fd(ends[1], ABOVE_STANDARD);
    if (pipe_end < 0 || fcntl(pipe_end, F_SETFL, O_NONBLOCK) != 0 ||
        dup2(ends[0], STDIN_FILENO) < 0 || fcntl(STDIN_FILENO, F_SETFD, 0) != 0)
        *os_error = errno;
    if (ends[0] != STDIN_FILENO)
        close(ends[0]);
    return *os_error == 0;
}

/* SIGPIPE is blocked, like all signals. */
int64_t tether__input_os_write(const char *bytes, size_t size)
{
    ssize_t written;
    do
        written = write(pipe_end, bytes, size);
    while (written < 0 && errno == EINTR);
    if (written >= 0)
        return written;
    return errno == EAGAIN ? 0 : -1;
}

void tether__input_os_close(void)
{
    if (pipe_end >= 0)
        close(pipe_end);
    pipe_end = -1;
}
