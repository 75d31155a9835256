/* Owns the table of system calls and their errors.
 * Must not: contain an error that the kernel never returns for a call; a library may then abort
 * rightly. Thread: the tracer's. */
#include "posix/matrix/call_errors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* To what an error applies. */
typedef enum scope {
    ANY,
    ON_FILE,    /* the first argument is the descriptor of a file or directory: other descriptors do
                   not fail so */
    IF_CREATES, /* openat with O_CREAT */
    IF_LOCKS,   /* fcntl with a command that locks */
    IF_DUPS     /* fcntl with a command that makes a descriptor */
} scope;

typedef struct row {
    long number;
    const char *name;
    scope scope;
    int errors[CALL_ERRORS_MOST]; /* zero ends the list */
} row;

static const row rows[] = {
    {SYS_openat, "openat", ANY, {EMFILE, EIO, EINTR, EACCES}},
    {SYS_openat, "openat", IF_CREATES, {ENOSPC}},
    {SYS_read, "read", ON_FILE, {EIO, EINTR}},
    {SYS_pread64, "pread64", ON_FILE, {EIO, EINTR}},
    {SYS_write, "write", ON_FILE, {ENOSPC, EIO, EINTR}},
    {SYS_pwrite64, "pwrite64", ON_FILE, {ENOSPC, EIO}},
    {SYS_fstat, "fstat", ON_FILE, {EIO}},
    {SYS_statx, "statx", ANY, {EIO, EACCES}},
    {SYS_getdents64, "getdents64", ANY, {EIO}},
    {SYS_mkdirat, "mkdirat", ANY, {ENOSPC, EIO}},
    {SYS_renameat, "renameat", ANY, {ENOSPC, EIO}},
    {SYS_renameat2, "renameat2", ANY, {ENOSPC, EIO}},
    {SYS_unlinkat, "unlinkat", ANY, {EIO, EACCES}},
    {SYS_linkat, "linkat", ANY, {ENOSPC, EIO}},
    {SYS_fchmod, "fchmod", ANY, {EIO}},
    {SYS_fallocate, "fallocate", ANY, {ENOSPC, EIO}},
    {SYS_ftruncate, "ftruncate", ANY, {EIO}},
    {SYS_fsync, "fsync", ANY, {EIO}},
    {SYS_fdatasync, "fdatasync", ANY, {EIO}},
    {SYS_flock, "flock", ANY, {ENOLCK, EINTR}},
    {SYS_fcntl, "fcntl", IF_LOCKS, {ENOLCK}},
    {SYS_fcntl, "fcntl", IF_DUPS, {EMFILE}},
    {SYS_readlinkat, "readlinkat", ANY, {EIO, EACCES}},
    {SYS_faccessat, "faccessat", ANY, {EACCES, EIO}},
    {SYS_fstatfs, "fstatfs", ANY, {EIO}},
    {SYS_statfs, "statfs", ANY, {EIO}},
    {SYS_chdir, "chdir", ANY, {EACCES}},
    {SYS_clone, "clone", ANY, {EAGAIN}},
    {SYS_pipe2, "pipe2", ANY, {EMFILE}},
    {SYS_eventfd2, "eventfd2", ANY, {EMFILE}},
    {SYS_epoll_create1, "epoll_create1", ANY, {EMFILE}},
    {SYS_inotify_init1, "inotify_init1", ANY, {EMFILE, EPERM, ENOSYS}},
    {SYS_inotify_add_watch, "inotify_add_watch", ANY, {ENOSPC}},
    {SYS_socketpair, "socketpair", ANY, {EMFILE}},
    {SYS_dup, "dup", ANY, {EMFILE}},
    {SYS_dup3, "dup3", ANY, {EINTR}},
    {SYS_mmap, "mmap", ANY, {ENOMEM}},
    {SYS_brk, "brk", ANY, {ENOMEM}},
    {SYS_kill, "kill", ANY, {EPERM}},
    {SYS_wait4, "wait4", ANY, {EINTR, ECHILD}},
    {SYS_waitid, "waitid", ANY, {EINTR, ECHILD}},
    {SYS_epoll_pwait, "epoll_pwait", ANY, {EINTR}},
    {SYS_ppoll, "ppoll", ANY, {EINTR}},
    {SYS_clock_nanosleep, "clock_nanosleep", ANY, {EINTR}},
    {SYS_getrandom, "getrandom", ANY, {EINTR, ENOSYS}},
    {SYS_signalfd4, "signalfd4", ANY, {EMFILE, ENOMEM, ENOSYS}},
    {SYS_memfd_create, "memfd_create", ANY, {EMFILE, ENOMEM, EPERM, ENOSYS}},
#ifdef SYS_newfstatat
    {SYS_newfstatat, "newfstatat", ANY, {EIO, EACCES}},
#endif
#ifdef SYS_clone3
    {SYS_clone3, "clone3", ANY, {EAGAIN, ENOSYS}},
#endif
#ifdef SYS_faccessat2
    {SYS_faccessat2, "faccessat2", ANY, {EPERM, ENOSYS, EIO}},
#endif
#ifdef SYS_pidfd_open
    {SYS_pidfd_open, "pidfd_open", ANY, {EMFILE, EPERM, ENOSYS}},
#endif
#ifdef SYS_pidfd_send_signal
    {SYS_pidfd_send_signal, "pidfd_send_signal", ANY, {EPERM, ENOSYS}},
#endif
    /* Calls that have no error that a machine could bring about; here for their names. */
    {SYS_close, "close", ANY, {0}},
    {SYS_futex, "futex", ANY, {0}},
    {SYS_madvise, "madvise", ANY, {0}},
    {SYS_mprotect, "mprotect", ANY, {0}},
    {SYS_munmap, "munmap", ANY, {0}},
    {SYS_rt_sigprocmask, "rt_sigprocmask", ANY, {0}},
    {SYS_rt_sigaction, "rt_sigaction", ANY, {0}},
    {SYS_exit, "exit", ANY, {0}},
    {SYS_exit_group, "exit_group", ANY, {0}},
    {SYS_lseek, "lseek", ANY, {0}},
    {SYS_umask, "umask", ANY, {0}},
    {SYS_prctl, "prctl", ANY, {0}},
    {SYS_ioctl, "ioctl", ANY, {0}},
    {SYS_epoll_ctl, "epoll_ctl", ANY, {0}},
    {SYS_fcntl, "fcntl", ANY, {0}},
    {SYS_getpid, "getpid", ANY, {0}},
    {SYS_gettid, "gettid", ANY, {0}},
    {SYS_geteuid, "geteuid", ANY, {0}},
    {SYS_getuid, "getuid", ANY, {0}},
    {SYS_uname, "uname", ANY, {0}},
    {SYS_sysinfo, "sysinfo", ANY, {0}},
    {SYS_sched_getaffinity, "sched_getaffinity", ANY, {0}},
    {SYS_set_robust_list, "set_robust_list", ANY, {0}},
    {SYS_write, "write", ANY, {0}},
    {SYS_read, "read", ANY, {0}},
    {SYS_inotify_rm_watch, "inotify_rm_watch", ANY, {0}},
/* Old calls that newer processors do not have. */
#ifdef SYS_open
    {SYS_open, "open", ANY, {EMFILE, EIO, EINTR, EACCES}},
#endif
#ifdef SYS_stat
    {SYS_stat, "stat", ANY, {EIO, EACCES}},
    {SYS_lstat, "lstat", ANY, {EIO, EACCES}},
#endif
#ifdef SYS_mkdir
    {SYS_mkdir, "mkdir", ANY, {ENOSPC, EIO}},
    {SYS_rmdir, "rmdir", ANY, {EIO, EACCES}},
    {SYS_unlink, "unlink", ANY, {EIO, EACCES}},
    {SYS_rename, "rename", ANY, {ENOSPC, EIO}},
    {SYS_access, "access", ANY, {EACCES, EIO}},
    {SYS_readlink, "readlink", ANY, {EIO, EACCES}},
#endif
#ifdef SYS_vfork
    {SYS_vfork, "vfork", ANY, {EAGAIN}},
    {SYS_fork, "fork", ANY, {EAGAIN}},
#endif
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, "epoll_wait", ANY, {EINTR}},
    {SYS_poll, "poll", ANY, {EINTR, ENOMEM}},
#endif
};

static bool is_file(pid_t pid, uint64_t descriptor)
{
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, (int)descriptor);
    return stat(path, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

static bool applies(scope where, pid_t pid, const uint64_t arguments[6])
{
    int command = (int)arguments[1];
    switch (where) {
    case ON_FILE:
        return is_file(pid, arguments[0]);
    case IF_CREATES:
        return (arguments[2] & O_CREAT) != 0;
    case IF_LOCKS:
        return command == F_SETLK || command == F_SETLKW || command == F_GETLK ||
               command == 36 /* F_OFD_GETLK */ || command == 37 /* F_OFD_SETLK */ ||
               command == 38 /* F_OFD_SETLKW */;
    case IF_DUPS:
        return command == F_DUPFD || command == F_DUPFD_CLOEXEC;
    default:
        return true;
    }
}

int call_errors(pid_t pid, uint64_t number, const uint64_t arguments[6],
                int errors[CALL_ERRORS_MOST])
{
    int count = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((uint64_t)rows[i].number != number || !applies(rows[i].scope, pid, arguments))
            continue;
        for (int e = 0; e < CALL_ERRORS_MOST && rows[i].errors[e] != 0 && count < CALL_ERRORS_MOST;
             e++)
            errors[count++] = rows[i].errors[e];
    }
    return count;
}

const char *call_name(uint64_t number)
{
    static char other[32];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((uint64_t)rows[i].number == number)
            return rows[i].name;
    }
    snprintf(other, sizeof other, "call %d", (int)number);
    return other;
}
