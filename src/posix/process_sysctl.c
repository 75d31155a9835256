/* Owns process identity on macOS and the BSDs: start times from sysctl, reaping by pid.
 * Must not: wait for any other child than the given one, or block.
 * Thread: any. */
#include "os/process.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "posix/proc.h"
#include "posix/this_boot.h"

tether__liveness tether__os_process_alive(const tether__identity *identity)
{
    tether__proc process;
    /* The identity comes from a system with pid namespaces; there are none here. */
    if (identity->pid <= 0 || identity->pid_ns[0] != '\0')
        return TETHER__UNKNOWN;
    tether__liveness boot = tether__posix_in_this_boot(identity);
    if (boot != TETHER__ALIVE)
        return boot;
    int os_error = tether__proc_read(identity->pid, &process);
    if (os_error == ESRCH)
        return TETHER__GONE;
    if (os_error != 0)
        return TETHER__UNKNOWN;
    /* NOTE_EXIT arrives while the process is still exiting, when it no longer runs code of its
     * own. */
    if (tether__proc_ended(&process) || process.exiting)
        return TETHER__GONE;
    if (identity->start_time == 0 || process.start_time == 0)
        return TETHER__UNKNOWN;
    return process.start_time == identity->start_time ? TETHER__ALIVE : TETHER__GONE;
}

uint64_t tether__os_process_start_time(int64_t pid)
{
    tether__proc process;
    return tether__proc_read(pid, &process) == 0 ? process.start_time : 0;
}

/* If the child was reaped elsewhere, another child of the host may have its pid. Not every system
 * reports the start time of a zombie. */
bool tether__os_process_reap(const tether__identity *child)
{
    tether__proc process;
    pid_t result;
    int os_error = tether__proc_read(child->pid, &process);
    if (tether__posix_is_shortage(os_error))
        return false; /* it may be another child of the host */
    bool known = os_error == 0 && process.start_time != 0;
    if (known && child->start_time != 0 && process.start_time != child->start_time)
        return true;
    do
        result = waitpid((pid_t)child->pid, NULL, WNOHANG);
    while (result < 0 && errno == EINTR);
    return result != 0;
}

int64_t tether__os_process_self(void)
{
    return getpid();
}
