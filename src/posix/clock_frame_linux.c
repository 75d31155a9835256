/* Owns the offsets of Linux's time namespaces, as hosts ask for them.
 * Must not: keep state. A process changes its namespace by setns, and its child's by unshare.
 * Thread: any. */
#include "os/clock.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "posix/error.h"
#include "posix/timens.h"

static const char step[] = "read clock offsets";

static int read_name(const char *path, char name[TETHER__TIMENS_SIZE], tether_error *error)
{
    int os_error = tether__timens_name(path, name);
    return os_error == 0 ? TETHER_OK : tether__posix_fail(error, os_error, step, path);
}

static int read_offsets(tether__clock_frame *frame, tether_error *error)
{
    int os_error = tether__timens_offsets(frame);
    if (os_error == 0)
        return TETHER_OK;
    if (os_error == EPROTO)
        return tether__fail(error, TETHER_ESYSTEM, 0, step,
                            TETHER__TIMENS_OFFSETS
                            " cannot be understood; tell the project what it says");
    return tether__posix_fail(error, os_error, step, TETHER__TIMENS_OFFSETS);
}

int tether__os_clock_frame(tether__clock_frame *own, tether_error *error)
{
    char name[TETHER__TIMENS_SIZE], childrens[TETHER__TIMENS_SIZE];
    *own = (tether__clock_frame){0};
    int code = read_name(TETHER__TIMENS_OWN, name, error);
    if (code != TETHER_OK || tether__timens_is_machines(name))
        return code;
    code = read_name(TETHER__TIMENS_CHILDRENS, childrens, error);
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
    char name[TETHER__TIMENS_SIZE];
    *childrens = (tether__clock_frame){0};
    int code = read_name(TETHER__TIMENS_CHILDRENS, name, error);
    if (code != TETHER_OK || tether__timens_is_machines(name))
        return code;
    return read_offsets(childrens, error);
}
