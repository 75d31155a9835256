/* Owns reading macOS's process table and the environments of processes.
 * Must not: draw conclusions from them.
 * Thread: any. */
#include "posix/proc_sysctl.h"

#include <sys/types.h>

#include <stdlib.h>
#include <string.h>
#include <sys/proc.h>
#include <sys/sysctl.h>
#include <unistd.h>

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

static int read_entry(int64_t pid, struct kinfo_proc *info)
{
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, (int)pid};
    return tether__sysctl_entry(name, 4, info, sizeof *info);
}

int tether__proc_user(int64_t pid, int64_t *user)
{
    struct kinfo_proc info;
    int os_error = read_entry(pid, &info);
    if (os_error != 0)
        return os_error;
    *user = info.kp_eproc.e_pcred.p_ruid;
    return 0;
}

int tether__proc_read(int64_t pid, tether__proc *process)
{
    struct kinfo_proc info;
    int os_error = read_entry(pid, &info);
    if (os_error != 0)
        return os_error;
    const struct extern_proc *found = &info.kp_proc;
    pid_t session = getsid((pid_t)pid);
    *process = (tether__proc){
        .parent = info.kp_eproc.e_ppid,
        .group = info.kp_eproc.e_pgid,
        .session = session > 0 ? session : 0,
        .start_time =
            (uint64_t)found->p_starttime.tv_sec * 1000000 + (uint64_t)found->p_starttime.tv_usec,
        .state = found->p_stat == SZOMB   ? 'Z'
                 : found->p_stat == SSTOP ? 'T'
                                          : 'R',
        .kernel = pid == 0,
        .exiting = (found->p_flag & P_WEXIT) != 0,
        .caught = found->p_sigcatch,
    };
    return 0;
}

int tether__proc_list(bool (*visit)(int64_t pid, void *userdata), void *userdata)
{
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_ALL};
    void *table;
    size_t size;
    int os_error = tether__sysctl_table(name, 3, &table, &size);
    if (os_error != 0)
        return os_error;
    const struct kinfo_proc *all = table;
    for (size_t i = 0; i < size / sizeof *all; i++) {
        if (all[i].kp_proc.p_pid > 0 && !visit(all[i].kp_proc.p_pid, userdata))
            break;
    }
    free(table);
    return 0;
}

/* The block holds the number of arguments, the program's path, zero bytes up to the next word, the
 * arguments, and the environment. Returns the offset of the environment; `size` when there is
 * none. */
static size_t find_environment(const char *block, size_t size)
{
    int count;
    size_t at = sizeof count;
    if (size < sizeof count)
        return size;
    memcpy(&count, block, sizeof count);
    while (at < size && block[at] != '\0')
        at++;
    while (at < size && block[at] == '\0')
        at++;
    for (; count > 0 && at < size; count--) {
        while (at < size && block[at] != '\0')
            at++;
        at++;
    }
    return at < size ? at : size;
}

/* With the environment behind them, which a copy shares too. */
int tether__sysctl_arguments(int64_t pid, void **data, size_t *size)
{
    int name[] = {CTL_KERN, KERN_PROCARGS2, (int)pid};
    return tether__sysctl_strings(name, 3, data, size);
}

/* Programs that Apple protects show their environment to no other process. */
int tether__sysctl_environment(int64_t pid, void **data, size_t *size, size_t *begin)
{
    int os_error = tether__sysctl_arguments(pid, data, size);
    *begin = os_error == 0 ? find_environment(*data, *size) : 0;
    return os_error;
}
