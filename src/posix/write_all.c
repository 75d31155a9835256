/* Owns writing all of some bytes.
 * Must not: wait for a descriptor that is not ready.
 * Thread: any. */
#include "posix/write_all.h"

#include <errno.h>
#include <unistd.h>

int tether__posix_write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        bytes += written;
        size -= (size_t)written;
    }
    return 0;
}
