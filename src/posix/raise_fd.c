/* Owns moving descriptors above the numbers that a child uses.
 * Must not: leave the old one open.
 * Thread: any. */
#include "posix/raise_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int tether__posix_raise_fd(int fd, int first)
{
    if (fd < 0 || fd >= first)
        return fd;
    int raised = fcntl(fd, F_DUPFD_CLOEXEC, first);
    int os_error = errno;
    close(fd);
    errno = os_error;
    return raised;
}
