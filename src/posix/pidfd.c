/* Owns the system calls on process descriptors, which older C libraries do not wrap.
 * Must not: decide which process to signal.
 * Thread: any. */
#include "posix/pidfd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* These numbers are the same on every architecture. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

/* The file system of process descriptors, since Linux 6.9. In older kernels they have one inode for
 * all. */
#define PIDFS_MAGIC 0x50494446

enum { SIGNAL_PROCESS_GROUP = 1 << 2, WAIT_BY_PIDFD = 3 };

/* The seccomp filters of older container hosts answer calls that they do not know with EPERM. */
static bool is_refusal(int os_error)
{
    return os_error == EPERM || os_error == EACCES || os_error == ENOSYS;
}

int tether__pidfd_open(int64_t pid)
{
    int pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0u);
    /* The kernel itself never answers with EPERM here: everybody may open every process. */
    if (pidfd < 0 && is_refusal(errno))
        errno = ENOSYS;
    return pidfd;
}

/* The kernel counts with 64 bits. Where an inode has 32 of them, the number comes again. */
uint64_t tether__pidfd_id(int pidfd)
{
    struct statfs system;
    struct stat st;
    if (fstatfs(pidfd, &system) != 0 || (unsigned long)system.f_type != PIDFS_MAGIC ||
        sizeof(long) < sizeof(uint64_t) || fstat(pidfd, &st) != 0)
        return 0;
    return st.st_ino;
}

int tether__pidfd_find_id(int64_t pid, uint64_t *id)
{
    *id = 0;
    int pidfd = tether__pidfd_open(pid);
    if (pidfd < 0)
        return errno;
    *id = tether__pidfd_id(pidfd);
    close(pidfd);
    return 0;
}

bool tether__pidfd_has_ended(int pidfd)
{
    struct pollfd item = {.fd = pidfd, .events = POLLIN};
    return poll(&item, 1, 0) > 0;
}

const char *tether__pidfd_lacking(void)
{
    int self = tether__pidfd_open(getpid());
    if (self < 0)
        return errno == ENOSYS ? "pidfd_open" : NULL;
    /* A process may always signal itself. */
    bool refused = syscall(SYS_pidfd_send_signal, self, 0, NULL, 0u) != 0 && is_refusal(errno);
    close(self);
    return refused ? "pidfd_send_signal" : NULL;
}

static int send_signal(int pidfd, int number, unsigned flags)
{
    if (syscall(SYS_pidfd_send_signal, pidfd, number, NULL, flags) == 0)
        return 0;
    int os_error = errno;
    /* EPERM may also mean that the process belongs to another user. */
    return is_refusal(os_error) && tether__pidfd_lacking() != NULL ? ENOSYS : os_error;
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
