/* Owns the system calls on process descriptors, which older C libraries do not wrap.
 * Must not: decide which process to signal.
 * Thread: any. */
#include "posix/pidfd.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* These numbers are the same on every architecture. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

enum { SIGNAL_PROCESS_GROUP = 1 << 2, WAIT_BY_PIDFD = 3 };

int tether__pidfd_open(int64_t pid)
{
    return (int)syscall(SYS_pidfd_open, (pid_t)pid, 0u);
}

static int send_signal(int pidfd, int number, unsigned flags)
{
    return syscall(SYS_pidfd_send_signal, pidfd, number, NULL, flags) == 0 ? 0 : errno;
}

int tether__pidfd_signal(int pidfd, int number)
{
    return send_signal(pidfd, number, 0);
}

int tether__pidfd_signal_group(int pidfd, int number)
{
    return send_signal(pidfd, number, SIGNAL_PROCESS_GROUP);
}

int tether__pidfd_reap(int pidfd)
{
    siginfo_t info;
    info.si_pid = 0;
    int result;
    do
        result = waitid((idtype_t)WAIT_BY_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG);
    while (result != 0 && errno == EINTR);
    if (result != 0)
        return errno;
    return info.si_pid != 0 ? 0 : EAGAIN;
}
