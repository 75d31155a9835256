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
#include "posix/write_all.h"

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

int tether__posix_open_orders(const tether__start *start, tether_error *error)
{
    int fd = open_nameless(start->bundle);
    if (fd < 0)
        return tether__posix_fail(error, errno, step, NULL);
    int os_error = tether__posix_write_all(fd, start->orders, start->orders_size);
    if (os_error == 0 && lseek(fd, 0, SEEK_SET) != 0)
        os_error = errno;
    if (os_error == 0)
        return fd;
    close(fd);
    return tether__posix_fail(error, os_error, step, NULL);
}
