/* Owns process identity on systems with neither /proc nor process descriptors, where only pids and
 * the lifeline's lock are available.
 * Must not: claim more than kill(pid, 0) shows.
 * Thread: any. */
#include "os/process.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

tether__liveness tether__os_process_alive(const tether__identity *identity)
{
    if (identity->pid > 0 && kill((pid_t)identity->pid, 0) != 0 && errno == ESRCH)
        return TETHER__GONE;
    return TETHER__UNKNOWN;
}

uint64_t tether__os_process_start_time(int64_t pid)
{
    (void)pid;
    return 0;
}

bool tether__os_process_reap(const tether__identity *child)
{
    return waitpid((pid_t)child->pid, NULL, WNOHANG) != 0;
}

int64_t tether__os_process_self(void)
{
    return getpid();
}
