/* Owns the descriptor by which the end of the task's host is heard of.
 * Must not: read it unless it is ready, or take anything but its end for an end.
 * Thread: the only one. */
#include "posix/monitor/bond.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "monitor/monitor_os.h"
#include "os/spawn.h"

static int bond = -1;
static bool ended;

/* The command must not inherit it. */
bool tether__monitor_os_bind(void)
{
    if (fcntl(TETHER__HOST_FD, F_SETFD, FD_CLOEXEC) != 0)
        return false;
    bond = TETHER__HOST_FD;
    return true;
}

bool tether__monitor_os_host_ended(void)
{
    return ended;
}

int tether__bond_descriptor(void)
{
    return bond;
}

/* Nobody writes into it; what is there all the same is taken. A descriptor that cannot be read
 * tells of nothing any more, and would end each sleep. */
void tether__bond_look(void)
{
    char bytes[64];
    ssize_t size = read(bond, bytes, sizeof bytes);
    if (size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR)))
        return;
    ended = true;
    close(bond);
    bond = -1;
}
