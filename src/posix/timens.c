/* Owns reading the names and offsets of Linux's time namespaces: in one, the clocks that are never
 * set, /proc/uptime and the start times in /proc differ from the machine's by a constant.
 * Must not: keep state. A process changes its namespace by setns, and its child's by unshare.
 * Thread: any. */
#include "posix/timens.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "posix/error.h"

enum { TEXT_SIZE = 256 };

#define NS_PER_S INT64_C(1000000000)

int tether__timens_name(const char *path, char name[TETHER__TIMENS_SIZE])
{
    ssize_t size = readlink(path, name, TETHER__TIMENS_SIZE - 1);
    int os_error = size < 0 ? errno : 0;
    name[size > 0 ? size : 0] = '\0';
    return tether__posix_is_shortage(os_error) ? os_error : 0;
}

/* In no time namespace, or the first one, whose number never changes. */
bool tether__timens_is_machines(const char *name)
{
    return name[0] == '\0' || strcmp(name, "time:[4026531834]") == 0;
}

/* Lines such as "boottime  1000  0": seconds and nanoseconds. */
int tether__timens_offsets(tether__clock_frame *childrens)
{
    char text[TEXT_SIZE];
    int fd = open(TETHER__TIMENS_OFFSETS, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    int os_error = errno;
    if (fd >= 0)
        close(fd);
    if (size < 0)
        return os_error;
    text[size] = '\0';
    long long monotonic_s, monotonic_ns, boot_s, boot_ns;
    if (sscanf(text, "monotonic %lld %lld boottime %lld %lld", &monotonic_s, &monotonic_ns, &boot_s,
               &boot_ns) != 4)
        return EPROTO;
    childrens->monotonic_ns = monotonic_s * NS_PER_S + monotonic_ns;
    childrens->boot_ns = boot_s * NS_PER_S + boot_ns;
    return 0;
}
