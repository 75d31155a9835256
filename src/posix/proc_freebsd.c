/* Owns reading FreeBSD's process table and the environments of processes.
 * Must not: draw conclusions from them.
 * Thread: any. */
#include "posix/proc_sysctl.h"

#include <sys/types.h>

#include <sys/param.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/proc.h>
#include <sys/sysctl.h>
#include <sys/user.h>

enum { CLOCK_TRIES = 4 };

/* Start times count from the boot, by a clock that is never set. */
bool tether__proc_in_order(void)
{
    return true;
}

int64_t tether__proc_start_ms(uint64_t start_time)
{
    return (int64_t)(start_time / 1000);
}

static int read_boot_time(struct timeval *boot)
{
    int name[] = {CTL_KERN, KERN_BOOTTIME};
    size_t size = sizeof *boot;
    return sysctl(name, 2, boot, &size, NULL, 0) == 0 ? 0 : errno;
}

static bool is_same(const struct timeval *a, const struct timeval *b)
{
    return a->tv_sec == b->tv_sec && a->tv_usec == b->tv_usec;
}

static int read_entry(int64_t pid, struct kinfo_proc *info)
{
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, (int)pid};
    int os_error = tether__sysctl_entry(name, 4, info, sizeof *info);
    if (os_error == 0 && info->ki_structsize != (int)sizeof *info)
        os_error = ENOSYS; /* the structure of another release */
    return os_error;
}

/* The kernel adds the time of the boot to each start time, and moves it whenever the wall clock is
 * set. Subtract it again, once it is the same before and after the read. */
int tether__proc_read(int64_t pid, tether__proc *process)
{
    struct kinfo_proc info;
    struct timeval boot, after;
    for (int i = 0; i < CLOCK_TRIES; i++) {
        int os_error = read_boot_time(&boot);
        if (os_error == 0)
            os_error = read_entry(pid, &info);
        if (os_error == 0)
            os_error = read_boot_time(&after);
        if (os_error != 0)
            return os_error;
        if (is_same(&boot, &after))
            break;
    }
    int64_t start = (int64_t)(info.ki_start.tv_sec - boot.tv_sec) * 1000000 +
                    (info.ki_start.tv_usec - boot.tv_usec);
    *process = (tether__proc){
        .parent = info.ki_ppid,
        .group = info.ki_pgid,
        .session = info.ki_sid,
        .start_time = start > 0 ? (uint64_t)start : 0,
        .state = info.ki_stat == SZOMB   ? 'Z'
                 : info.ki_stat == SSTOP ? 'T'
                                         : 'R',
        .kernel = (info.ki_flag & P_KPROC) != 0,
        .exiting = (info.ki_flag & P_WEXIT) != 0,
        .caught = info.ki_sigcatch.__bits[0],
    };
    return 0;
}

int tether__proc_user(int64_t pid, int64_t *user)
{
    struct kinfo_proc info;
    int os_error = read_entry(pid, &info);
    if (os_error != 0)
        return os_error;
    *user = info.ki_ruid;
    return 0;
}

int tether__proc_list(bool (*visit)(int64_t pid, void *userdata), void *userdata)
{
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PROC};
    void *table;
    size_t size;
    int os_error = tether__sysctl_table(name, 3, &table, &size);
    if (os_error != 0)
        return os_error;
    const struct kinfo_proc *all = table;
    if (size >= sizeof *all && all[0].ki_structsize != (int)sizeof *all)
        os_error = ENOSYS; /* the structure of another release */
    for (size_t i = 0; os_error == 0 && i < size / sizeof *all; i++) {
        if (all[i].ki_pid > 0 && !visit(all[i].ki_pid, userdata))
            break;
    }
    free(table);
    return os_error;
}

int tether__sysctl_arguments(int64_t pid, void **data, size_t *size)
{
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_ARGS, (int)pid};
    return tether__sysctl_strings(name, 4, data, size);
}

int tether__sysctl_environment(int64_t pid, void **data, size_t *size, size_t *begin)
{
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_ENV, (int)pid};
    *begin = 0;
    return tether__sysctl_strings(name, 4, data, size);
}
