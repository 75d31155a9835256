/* Owns process identity on Linux: start times from /proc, reaping through process descriptors.
 * Must not: wait for any other child than the given one, or block.
 * Thread: any. */
#include "os/process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "posix/pidfd.h"
#include "posix/proc.h"
#include "posix/this_boot.h"

/* Reads the number of one of this process's pid namespaces from a link such as "pid:[4026531836]".
 */
void tether__os_pid_ns(char pid_ns[TETHER__PID_NS_SIZE])
{
    (void)tether__proc_pid_ns(pid_ns);
}

void tether__os_child_pid_ns(char pid_ns[TETHER__PID_NS_SIZE])
{
    static const char link[] = "/proc/self/ns/pid_for_children";
    struct stat st;
    (void)tether__proc_read_pid_ns(link, pid_ns);
    if (pid_ns[0] != '\0')
        return;
    /* Linux before 4.12 lacks the link. Otherwise it cannot be read before the first child, which
     * makes the namespace: that has no number yet, but is not ours. */
    if (lstat(link, &st) == 0)
        snprintf(pid_ns, TETHER__PID_NS_SIZE, "new");
    else
        tether__os_pid_ns(pid_ns);
}

/* Whether the identity's pid denotes the same process in our pid namespace. */
static bool is_visible(const tether__identity *identity)
{
    char pid_ns[TETHER__PID_NS_SIZE];
    if (identity->pid_ns[0] == '\0')
        return true;
    tether__os_pid_ns(pid_ns);
    return strcmp(identity->pid_ns, pid_ns) == 0;
}

/* What the number of the process says that has a pid now. */
typedef enum numbering {
    UNNUMBERED, /* the identity, or the process, has no number that could be asked for */
    SAME,
    ANOTHER,   /* or there is no process */
    UNREADABLE /* such as for lack of descriptors */
} numbering;

/* With SAME, also stores whether the process lives, in whatever namespace it is. */
static numbering compare_number(const tether__identity *identity, tether__liveness *alive)
{
    if (identity->pidfs_id == 0)
        return UNNUMBERED;
    int pidfd = tether__pidfd_open(identity->pid);
    if (pidfd < 0 && errno == ENOSYS)
        return UNNUMBERED;
    if (pidfd < 0)
        return tether__posix_is_shortage(errno) ? UNREADABLE : ANOTHER;
    uint64_t id = tether__pidfd_id(pidfd);
    *alive = tether__pidfd_has_ended(pidfd) ? TETHER__GONE : TETHER__ALIVE;
    close(pidfd);
    if (id == 0)
        return UNNUMBERED;
    return id == identity->pidfs_id ? SAME : ANOTHER;
}

tether__liveness tether__os_process_alive(const tether__identity *identity)
{
    tether__proc process;
    tether__liveness alive;
    if (identity->pid <= 0)
        return TETHER__UNKNOWN;
    tether__liveness boot = tether__posix_in_this_boot(identity);
    if (boot != TETHER__ALIVE)
        return boot;
    numbering number = compare_number(identity, &alive);
    if (number == SAME)
        return alive;
    if (!is_visible(identity) || !tether__proc_is_own())
        return TETHER__UNKNOWN;
    int os_error = tether__proc_read(identity->pid, &process);
    if (os_error == ENOENT || os_error == ESRCH)
        return TETHER__GONE;
    if (os_error != 0)
        return TETHER__UNKNOWN;
    if (tether__proc_ended(&process) || number == ANOTHER)
        return TETHER__GONE;
    if (identity->start_time == 0)
        return TETHER__UNKNOWN;
    if (process.start_time != identity->start_time)
        return TETHER__GONE;
    return number == UNREADABLE ? TETHER__UNKNOWN : TETHER__ALIVE;
}

uint64_t tether__os_process_pidfs_id(int64_t pid)
{
    uint64_t id;
    (void)tether__pidfd_find_id(pid, &id);
    return id;
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
    if (child->start_time == 0 && child->pidfs_id == 0 && !tether__proc_is_own())
        return CHILD;
    if (child->start_time == 0 && child->pidfs_id != 0)
        return NOT_KNOWN; /* the system has numbered its processes, and refuses to do so now */
    int os_error = tether__proc_read(child->pid, &process);
    if (os_error == 0)
        return process.start_time == child->start_time ? CHILD : STRANGER;
    return os_error == ENOENT || os_error == ESRCH ? STRANGER : NOT_KNOWN;
}

/* NOT_KNOWN: the child or the process has no number. */
static kinship kinship_by_number(const tether__identity *child, int pidfd)
{
    uint64_t id = child->pidfs_id != 0 ? tether__pidfd_id(pidfd) : 0;
    if (id == 0)
        return NOT_KNOWN;
    return id == child->pidfs_id ? CHILD : STRANGER;
}

/* For kernels before 5.4, and where the calls are refused. The race is small: between the check and
 * the wait, the host would have to reap the child, and another of its children to get the same pid.
 */
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
        return !tether__posix_is_shortage(os_error);
    }

    kinship found = kinship_by_number(child, pidfd);
    if (found == NOT_KNOWN)
        found = find_kinship(child);
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

bool tether__os_process_own_proc(void)
{
    return tether__proc_is_own();
}

int64_t tether__os_process_self(void)
{
    return getpid();
}

/* Rounds down, also below zero. */
static int64_t divide(int64_t dividend, int64_t divisor)
{
    return dividend / divisor - (dividend % divisor < 0 ? 1 : 0);
}

void tether__os_process_localise(tether__identity *identity, const tether__clock_frame *own)
{
    int64_t tick_ns = INT64_C(1000000000) / sysconf(_SC_CLK_TCK);
    /* More than any namespace allows: not written by a supervisor. */
    bool valid = identity->time_offset_ns > -INT64_MAX / 4 &&
                 identity->time_offset_ns < INT64_MAX / 4 && identity->start_time < INT64_MAX / 4;
    int64_t ahead = valid ? own->boot_ns - identity->time_offset_ns : 0;
    identity->time_offset_ns = own->boot_ns;
    if (identity->start_time == 0 || ahead == 0)
        return;
    int64_t start = (int64_t)identity->start_time + divide(ahead, tick_ns);
    identity->start_time = start > 0 ? (uint64_t)start : 1;
    /* The kernel adds the offset before it rounds to ticks. So the result may be one tick too early
     * for offsets that are no multiple of a tick. No pid is given to another process so soon. */
    if (ahead % tick_ns != 0 && is_visible(identity) &&
        tether__os_process_start_time(identity->pid) == identity->start_time + 1)
        identity->start_time++;
}

void tether__os_process_name(int64_t pid, char name[TETHER__PROCESS_NAME_SIZE])
{
    char raw[TETHER__PROCESS_NAME_SIZE];
    size_t size = tether__proc_is_own() ? tether__proc_name(pid, raw) : 0;
    tether__left_clean(raw, size, name);
}

const char *tether__os_process_doubt(char *buffer, size_t size)
{
    char boot_id[TETHER__BOOT_ID_SIZE];
    tether__os_boot_id(boot_id);
    const char *lacking = tether__pidfd_lacking();
    if (!tether__proc_is_own())
        snprintf(buffer, size,
                 "/proc is missing or belongs to another pid namespace: only the lock on its "
                 "lifeline identifies a supervisor; mount /proc in this one");
    else if (boot_id[0] == '\0' || tether__os_process_start_time(getpid()) == 0)
        snprintf(buffer, size,
                 "start times or the boot id cannot be read: only the lock on its lifeline "
                 "identifies a supervisor");
    else if (lacking != NULL)
        snprintf(buffer, size,
                 "the system does not have %s or refuses it, as the seccomp filters of older "
                 "container hosts do: a process is verified right before each signal, but could "
                 "exit in between and its pid be reused",
                 lacking);
    else
        return NULL;
    return buffer;
}
