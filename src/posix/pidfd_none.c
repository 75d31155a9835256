/* Owns the stubs for systems without process descriptors.
 * Must not: claim that a pid pins a process.
 * Thread: any. */
#include "posix/pidfd.h"

#include <errno.h>
#include <stddef.h>

int tether__pidfd_open(int64_t pid)
{
    (void)pid;
    errno = ENOSYS;
    return -1;
}

uint64_t tether__pidfd_id(int pidfd)
{
    (void)pidfd;
    return 0;
}

int tether__pidfd_find_id(int64_t pid, uint64_t *id)
{
    (void)pid;
    *id = 0;
    return ENOSYS;
}

bool tether__pidfd_has_ended(int pidfd)
{
    (void)pidfd;
    return false;
}

const char *tether__pidfd_lacking(void)
{
    return NULL;
}

int tether__pidfd_signal(int pidfd, int number)
{
    (void)pidfd;
    (void)number;
    return ENOSYS;
}

int tether__pidfd_signal_group(int pidfd, int number)
{
    (void)pidfd;
    (void)number;
    return ENOSYS;
}

int tether__pidfd_reap(int pidfd)
{
    (void)pidfd;
    return ENOSYS;
}
