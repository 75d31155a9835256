/* Owns passing its orders to a monitor, in a file without a name.
 * Must not: leave a name behind.
 * Thread: any. */
#include "posix/spawn_orders.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "posix/dir.h"
#include "posix/error.h"

static const char step[] = "pass orders";

/* Creates a file in the bundle and takes its name away. */
static int open_in_bundle(tether__dir *bundle)
{
    static const char name[] = ".orders";
    int fd = openat(bundle->fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    TETHER__POSIX_FILE_MODE);
    if (fd >= 0 && unlinkat(bundle->fd, name, 0) != 0) {
        int os_error = errno;
        close(fd);
        errno = os_error;
        return -1;
    }
    return fd;
}

static int open_nameless(tether__dir *bundle)
{
#ifdef MFD_CLOEXEC
    int fd = memfd_create("tether-orders", MFD_CLOEXEC);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return fd;
#endif
    return open_in_bundle(bundle);
}

/* Returns 0 or errno. */
static int fill(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno != EINTR)
            return errno;
        bytes += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return lseek(fd, 0, SEEK_SET) == 0 ? 0 : errno;
}

int tether__posix_open_orders(const tether__start *start, tether_error *error)
{
    int fd = open_nameless(start->bundle);
    if (fd < 0)
        return tether__posix_fail(error, errno, step, NULL);
    int os_error = fill(fd, start->orders, start->orders_size);
    if (os_error == 0)
        return fd;
    close(fd);
    return tether__posix_fail(error, os_error, step, NULL);
}
