/* Owns process identity on Linux: start times from /proc, reaping through process descriptors.
 * Must not: wait for any other child than the given one, or block.
 * Thread: any. */
#include "os/process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "posix/pidfd.h"
#include "posix/proc.h"

void tether__os_pid_ns(char pid_ns[TETHER__PID_NS_SIZE])
{
    char link[64];
    pid_ns[0] = '\0';
    /* unshare(CLONE_NEWPID) affects the children of a process, not itself; before the first child
     * the link cannot be read. */
    ssize_t size = readlink("/proc/self/ns/pid_for_children", link, sizeof link - 1);
    if (size < 0)
        size = readlink("/proc/self/ns/pid", link, sizeof link - 1);
    if (size <= 0)
        return;
    link[size] = '\0';
    unsigned long long number;
    if (sscanf(link, "pid:[%llu]", &number) == 1)
        snprintf(pid_ns, TETHER__PID_NS_SIZE, "%llu", number);
}

/* Whether the identity's pid denotes the same process in our pid namespace. */
static bool is_visible(const tether__identity *identity)
{
    char pid_ns[TETHER__PID_NS_SIZE];
    tether__os_pid_ns(pid_ns);
    return identity->pid_ns[0] == '\0' || strcmp(identity->pid_ns, pid_ns) == 0;
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
    if (identity->pid <= 0)
        return TETHER__UNKNOWN;
    if (!is_this_boot(identity))
        return TETHER__GONE;
    if (!is_visible(identity) || !tether__proc_is_own())
        return TETHER__UNKNOWN;
    int os_error = tether__proc_read(identity->pid, &process);
    if (os_error == ENOENT || os_error == ESRCH)
        return TETHER__GONE;
    if (os_error != 0)
        return TETHER__UNKNOWN;
    if (tether__proc_ended(&process))
        return TETHER__GONE;
    if (identity->start_time == 0)
        return TETHER__UNKNOWN;
    return process.start_time == identity->start_time ? TETHER__ALIVE : TETHER__GONE;
}

uint64_t tether__os_process_start_time(int64_t pid)
{
    tether__proc process;
    return tether__proc_is_own() && tether__proc_read(pid, &process) == 0 ? process.start_time : 0;
}

typedef enum kinship { CHILD, STRANGER, NOT_KNOWN } kinship;

/* Whether the pid still denotes this child. The host may have reaped it, and another child of the
 * host may have got its pid. NOT_KNOWN: that cannot be read now, such as for lack of descriptors.
 */
static kinship find_kinship(const tether__identity *child)
{
    tether__proc process;
    /* Without /proc there is no start time to compare: relies on the pid alone. */
    if (child->start_time == 0 && !tether__proc_is_own())
        return CHILD;
    int os_error = tether__proc_read(child->pid, &process);
    if (os_error == 0)
        return process.start_time == child->start_time ? CHILD : STRANGER;
    return os_error == ENOENT || os_error == ESRCH ? STRANGER : NOT_KNOWN;
}

/* For kernels before 5.4. The race is small: between the check and the wait, the host would have to
 * reap the child, and another of its children to get the same pid. */
static bool reap_by_pid(const tether__identity *child)
{
    kinship found = find_kinship(child);
    if (found != CHILD)
        return found == STRANGER;
    return waitpid((pid_t)child->pid, NULL, WNOHANG) != 0;
}

bool tether__os_process_reap(const tether__identity *child)
{
    int pidfd = tether__pidfd_open(child->pid);
    if (pidfd < 0) {
        int os_error = errno;
        if (os_error == ENOSYS)
            return reap_by_pid(child);
        /* There is no such process, or the pid now belongs to a thread because the child was reaped
         * elsewhere: done. Only a shortage of resources is worth a retry. */
        return os_error != EMFILE && os_error != ENFILE && os_error != ENOMEM;
    }

    kinship found = find_kinship(child);
    bool done = found == STRANGER;
    if (found == CHILD) {
        int result = tether__pidfd_reap(pidfd);
        if (result == EINVAL)
            done = reap_by_pid(child);
        else
            done = result != EAGAIN;
    }
    close(pidfd);
    return done;
}

bool tether__os_process_in_proc(void)
{
    return true;
}

int64_t tether__os_process_self(void)
{
    return getpid();
}
