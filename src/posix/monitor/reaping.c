/* Owns waiting for the processes of the task, and what they say.
 * Must not: block, or believe a single call that a child is gone.
 * Thread: the only one. */
#include "posix/monitor/reaping.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/monitor_os.h"
#include "os/clock.h"
#include "posix/monitor/offspring.h"

/* --- The calls --- */

/* As wait4 tells it. */
static int status_of(const siginfo_t *info)
{
    enum { CORE = 0x80 };
    if (info->si_code == CLD_EXITED)
        return (info->si_status & 0xff) << 8;
    return info->si_status | (info->si_code == CLD_DUMPED ? CORE : 0);
}

/* As the kernel lays it out, whatever size the C library's times have. */
typedef struct kernel_usage {
    long user_s, user_us, system_s, system_us, peak_kib;
    long others[13];
} kernel_usage;

/* The call of the kernel tells what was used, which that of the C library does not. */
static pid_t take_by_waitid(pid_t which, int *status, struct rusage *used)
{
    siginfo_t info = {.si_pid = 0};
    kernel_usage told = {0};
    idtype_t kind = which < 0 ? P_ALL : P_PID;
    id_t id = which < 0 ? 0 : (id_t)which;
    long result;
    do
        result = syscall(SYS_waitid, kind, id, &info, WEXITED | WNOHANG, &told);
    while (result != 0 && errno == EINTR);
    if (result != 0)
        return -1;
    if (info.si_pid != 0)
        *status = status_of(&info);
    *used = (struct rusage){.ru_maxrss = told.peak_kib};
    used->ru_utime.tv_sec = told.user_s;
    used->ru_utime.tv_usec = told.user_us;
    used->ru_stime.tv_sec = told.system_s;
    used->ru_stime.tv_usec = told.system_us;
    return info.si_pid;
}

/* A filter of system calls refuses by number, with any error: a task whose children are said to be
 * gone would be lost, or be told to have left nothing. Two calls must say so; or one, where the
 * other fails. */
pid_t tether__reaping_take(pid_t which, int *status, struct rusage *used)
{
    pid_t pid;
    do
        pid = wait4(which, status, WNOHANG, used);
    while (pid < 0 && errno == EINTR);
    if (pid >= 0)
        return pid;
    bool childless = errno == ECHILD;
    pid = take_by_waitid(which, status, used);
    if (pid < 0 && childless)
        errno = ECHILD;
    return pid;
}

/* --- The family --- */

static int64_t milliseconds(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000 + time.tv_usec / 1000;
}

/* What a process has used includes what those have used for which it has waited itself. */
static void add_usage(tether__usage *sum, const struct rusage *used)
{
    int64_t peak = (int64_t)used->ru_maxrss * 1024;
    if (sum->processes < 0)
        *sum = (tether__usage){0};
    sum->user_ms += milliseconds(used->ru_utime);
    sum->system_ms += milliseconds(used->ru_stime);
    sum->peak_bytes = peak > sum->peak_bytes ? peak : sum->peak_bytes;
    sum->processes++;
}

static void note_end(tether__family *family, int status)
{
    tether__ending *outcome = &family->outcome;
    family->command_ended = true;
    outcome->uptime_ms = tether__os_uptime_ms();
    if (WIFEXITED(status)) {
        outcome->end = TETHER__END_EXIT;
        outcome->value = WEXITSTATUS(status);
        return;
    }
    outcome->end = TETHER__END_SIGNAL;
    outcome->value = WTERMSIG(status);
#ifdef WCOREDUMP
    outcome->core = WCOREDUMP(status);
#endif
    if (WTERMSIG(status) == SIGTERM || WTERMSIG(status) == SIGKILL)
        family->by_kill = WTERMSIG(status);
}

void tether__monitor_os_reap(tether__family *family)
{
    struct rusage used;
    int status;
    pid_t pid;
    while ((pid = tether__reaping_take(-1, &status, &used)) > 0) {
        add_usage(&family->outcome.usage, &used);
        if (pid == family->command)
            note_end(family, status);
    }
    family->unknown = pid < 0 && !family->command_ended;
    bool childless = pid < 0 && errno == ECHILD;
    family->empty = family->command_ended && (childless || tether__offspring_is_gone());
    family->outcome.alone = family->command_ended && childless && tether__offspring_adopts();
}
