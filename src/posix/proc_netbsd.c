/* Owns reading NetBSD's process table and the environments of processes.
 * Must not: draw conclusions from them.
 * Thread: any. */
#include "posix/proc_sysctl.h"

#include <sys/types.h>

#include <sys/param.h>

#include <limits.h>
#include <stdlib.h>
#include <sys/proc.h>
#include <sys/sysctl.h>

/* Start times come from the wall clock, which can be set. */
bool tether__proc_in_order(void)
{
    return false;
}

int64_t tether__proc_start_ms(uint64_t start_time)
{
    (void)start_time;
    return -1;
}

static char state_of(uint64_t state)
{
    if (state == SZOMB || state == SDEAD)
        return 'Z';
    return state == SSTOP ? 'T' : 'R';
}

static int read_entry(int64_t pid, struct kinfo_proc2 *info)
{
    int name[] = {CTL_KERN, KERN_PROC2, KERN_PROC_PID, (int)pid, (int)sizeof *info, 1};
    return tether__sysctl_entry(name, 6, info, sizeof *info);
}

int tether__proc_read(int64_t pid, tether__proc *process)
{
    struct kinfo_proc2 info;
    int os_error = read_entry(pid, &info);
    if (os_error != 0)
        return os_error;
    bool dated = info.p_uvalid != 0; /* false for a zombie */
    *process = (tether__proc){
        .parent = info.p_ppid,
        .group = info.p__pgid,
        .session = info.p_sid,
        .start_time = dated ? (uint64_t)info.p_ustart_sec * 1000000 + info.p_ustart_usec : 0,
        .state = state_of(info.p_realstat),
        .kernel = pid == 0,
        .exiting = info.p_realstat == SDYING || (info.p_flag & P_WEXIT) != 0,
        .caught = info.p_sigcatch.__bits[0],
    };
    return 0;
}

int tether__proc_user(int64_t pid, int64_t *user)
{
    struct kinfo_proc2 info;
    int os_error = read_entry(pid, &info);
    if (os_error != 0)
        return os_error;
    *user = info.p_ruid;
    return 0;
}

int tether__proc_list(bool (*visit)(int64_t pid, void *userdata), void *userdata)
{
    int name[] = {CTL_KERN, KERN_PROC2, KERN_PROC_ALL, 0, (int)sizeof(struct kinfo_proc2), INT_MAX};
    void *table;
    size_t size;
    int os_error = tether__sysctl_table(name, 6, &table, &size);
    if (os_error != 0)
        return os_error;
    const struct kinfo_proc2 *all = table;
    for (size_t i = 0; i < size / sizeof *all; i++) {
        if (all[i].p_pid > 0 && !visit(all[i].p_pid, userdata))
            break;
    }
    free(table);
    return 0;
}

int tether__sysctl_arguments(int64_t pid, void **data, size_t *size)
{
    int name[] = {CTL_KERN, KERN_PROC_ARGS, (int)pid, KERN_PROC_ARGV};
    return tether__sysctl_strings(name, 4, data, size);
}

int tether__sysctl_environment(int64_t pid, void **data, size_t *size, size_t *begin)
{
    int name[] = {CTL_KERN, KERN_PROC_ARGS, (int)pid, KERN_PROC_ENV};
    *begin = 0;
    return tether__sysctl_strings(name, 4, data, size);
}
