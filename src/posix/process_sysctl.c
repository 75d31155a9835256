/* Owns process identity on macOS and the BSDs: start times from sysctl, reaping by pid.
 * Must not: wait for a child that is not the one asked for, or block.
 * Thread: any. */
#include "os/process.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "posix/proc.h"

void tether__os_pid_ns(char pid_ns[TETHER__PID_NS_SIZE])
{
    pid_ns[0] = '\0';
}

static bool is_this_boot(const tether__identity *identity)
{
    char boot_id[TETHER__BOOT_ID_SIZE];
    tether__os_boot_id(boot_id);
    return identity->boot_id[0] == '\0' || boot_id[0] == '\0' ||
           strcmp(identity->boot_id, boot_id) == 0;
}

tether__liveness tether__os_process_alive(const tether__identity *identity)
{
    tether__proc process;
    /* Another system's namespaces are not here. */
    if (identity->pid <= 0 || identity->pid_ns[0] != '\0')
        return TETHER__UNKNOWN;
    if (!is_this_boot(identity))
        return TETHER__GONE;
    int os_error = tether__proc_read(identity->pid, &process);
    if (os_error == ESRCH)
        return TETHER__GONE;
    if (os_error != 0)
        return TETHER__UNKNOWN;
    /* NOTE_EXIT comes while it is still on its way out; it runs no code of its own any more. */
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

/* A child that others have reaped may have left its pid to another child of the host's. A zombie
 * does not say everywhere when it was started. */
bool tether__os_process_reap(const tether__identity *child)
{
    tether__proc process;
    pid_t result;
    bool known = tether__proc_read(child->pid, &process) == 0 && process.start_time != 0;
    if (known && child->start_time != 0 && process.start_time != child->start_time)
        return true;
    do
        result = waitpid((pid_t)child->pid, NULL, WNOHANG);
    while (result < 0 && errno == EINTR);
    return result != 0;
}

bool tether__os_process_in_proc(void)
{
    return false;
}

int64_t tether__os_process_self(void)
{
    return getpid();
}
