/* Owns reading from a descriptor to its end.
 * Must not: open or close one.
 * Thread: any. */
#include "posix/monitor/read_all.h"

#include <errno.h>
#include <unistd.h>

ssize_t tether__monitor_read_all(int fd, char *bytes, size_t capacity)
{
    size_t used = 0;
    while (used < capacity) {
        ssize_t size = read(fd, bytes + used, capacity - used);
        if (size == 0)
            break;
        if (size < 0 && errno != EINTR)
            return -1;
        used += size > 0 ? (size_t)size : 0;
    }
    return (ssize_t)used;
}
