/* Owns the offsets of Linux's time namespaces: in one, the clocks that are never set, /proc/uptime
 * and the start times in /proc differ from the machine's by a constant.
 * Must not: keep state. A process changes its namespace by setns, and its child's by unshare.
 * Thread: any. */
#include "os/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "posix/error.h"

static const char step[] = "read clock offsets";
static const char own_link[] = "/proc/self/ns/time";
static const char child_link[] = "/proc/self/ns/time_for_children";
static const char offsets_path[] = "/proc/self/timens_offsets";

enum { LINK_SIZE = 64, TEXT_SIZE = 256 };

#define NS_PER_S INT64_C(1000000000)

/* Reads the name of a time namespace; empty: there are none, or no /proc. */
static int read_link(const char *path, char name[LINK_SIZE], tether_error *error)
{
    ssize_t size = readlink(path, name, LINK_SIZE - 1);
    int os_error = size < 0 ? errno : 0;
    name[size > 0 ? size : 0] = '\0';
    return tether__posix_is_shortage(os_error) ? tether__posix_fail(error, os_error, step, path)
                                               : TETHER_OK;
}

/* Whether the offsets are zero: in no time namespace, or the first one, whose number never changes.
 */
static bool is_machines(const char *name)
{
    return name[0] == '\0' || strcmp(name, "time:[4026531834]") == 0;
}

/* Lines such as "boottime  1000  0": seconds and nanoseconds. The offsets are the children's. */
static int read_offsets(tether__clock_frame *frame, tether_error *error)
{
    char text[TEXT_SIZE];
    int fd = open(offsets_path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    int os_error = errno;
    if (fd >= 0)
        close(fd);
    if (size < 0)
        return tether__posix_fail(error, os_error, step, offsets_path);
    text[size] = '\0';
    long long monotonic_s, monotonic_ns, boot_s, boot_ns;
    if (sscanf(text, "monotonic %lld %lld boottime %lld %lld", &monotonic_s, &monotonic_ns, &boot_s,
               &boot_ns) != 4)
        return tether__fail(error, TETHER_ESYSTEM, 0, step,
                            "%s cannot be understood; tell the project what it says", offsets_path);
    frame->monotonic_ns = monotonic_s * NS_PER_S + monotonic_ns;
    frame->boot_ns = boot_s * NS_PER_S + boot_ns;
    return TETHER_OK;
}

int tether__os_clock_frame(tether__clock_frame *own, tether_error *error)
{
    char name[LINK_SIZE], childrens[LINK_SIZE];
    *own = (tether__clock_frame){0};
    int code = read_link(own_link, name, error);
    if (code != TETHER_OK || is_machines(name))
        return code;
    code = read_link(child_link, childrens, error);
    if (code != TETHER_OK)
        return code;
    if (strcmp(name, childrens) != 0)
        return tether__fail(error, TETHER_ENOTSUP, 0, step,
                            "this process has left the time namespace of its children, and cannot "
                            "find out the offsets of its own clocks; use a process that was "
                            "started there");
    return read_offsets(own, error);
}

int tether__os_child_clock_frame(tether__clock_frame *childrens, tether_error *error)
{
    char name[LINK_SIZE];
    *childrens = (tether__clock_frame){0};
    int code = read_link(child_link, name, error);
    if (code != TETHER_OK || is_machines(name))
        return code;
    return read_offsets(childrens, error);
}
