/* Owns signalling the processes of a task where the system lists processes, and describing those
 * that are left. members.c finds them.
 * Must not: signal a process without verifying it right before; signal a process that no descriptor
 * pins, where the system has such descriptors; signal the caller's own process (listing.c leaves it
 * out, and signal_group refuses its group).
 * Thread: any. */
#include "os/tree.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "posix/error.h"
#include "posix/group.h"
#include "posix/members.h"
#include "posix/pidfd.h"
#include "posix/proc.h"
#include "posix/signal.h"

static const char step[] = "signal task";

enum {
    MAX_ROUNDS = 100, /* of listings, against a task that forks without end */
    SURE_LOOKS = 5
};

/* Stores in *own_table whether processes can be listed, and in *pid_ns this process's pid
 * namespace. */
static int find_view(bool *own_table, char pid_ns[TETHER__PID_NS_SIZE], tether_error *error)
{
    int os_error = tether__proc_check_own(own_table);
    if (os_error == 0)
        os_error = tether__proc_pid_ns(pid_ns);
    return os_error == 0 ? TETHER_OK : tether__posix_fail(error, os_error, step, "/proc/self");
}

/* Stores whether the supervisor's pid is valid here although processes cannot be listed. */
static int find_only_group(const tether__tree *tree, bool *only_group, tether_error *error)
{
    bool own_table;
    char pid_ns[TETHER__PID_NS_SIZE];
    *only_group = false;
    int code = find_view(&own_table, pid_ns, error);
    if (code != TETHER_OK || own_table)
        return code;
    bool same = pid_ns[0] != '\0' && strcmp(tree->supervisor.pid_ns, pid_ns) == 0;
    *only_group = same || tether__group_is_childs(tree);
    return TETHER_OK;
}

int tether__os_tree_check(const tether__tree *tree, tether_error *error)
{
    bool own_table, only_group;
    char pid_ns[TETHER__PID_NS_SIZE];
    const char *theirs = tree->supervisor.pid_ns;
    int code = find_view(&own_table, pid_ns, error);
    if (code == TETHER_OK)
        code = find_only_group(tree, &only_group, error);
    if (code != TETHER_OK)
        return code;
    if (theirs[0] != '\0' && strcmp(theirs, pid_ns) != 0)
        return tether__fail(error, TETHER_EFOREIGN, 0, step,
                            "task %s was started in another pid namespace, where its pids denote "
                            "other processes: kill it from there",
                            tree->task_id);
    if (!own_table && !only_group)
        return tether__fail(error, TETHER_EFOREIGN, 0, step,
                            "/proc is missing or belongs to another pid namespace, so the "
                            "processes of task %s cannot be found: mount /proc in this one",
                            tree->task_id);
    return TETHER_OK;
}

/* Counts the supervisor's group as one process where processes cannot be listed. Without a leader
 * nothing can be said about what is left of it. */
static int count_only_group(const tether__tree *tree, size_t *count, tether_error *error)
{
    *count = tether__group_is_led(tree) ? 1 : 0;
    if (*count > 0)
        return TETHER_OK;
    return tether__fail(error, TETHER_EFOREIGN, 0, step,
                        "the supervisor of task %s has exited, and without /proc of this pid "
                        "namespace its other processes cannot be found: mount /proc",
                        tree->task_id);
}

/* Whether the process refuses signals of the caller. Signal 0 only asks. */
static bool refuses(int64_t pid)
{
    return kill((pid_t)pid, 0) != 0 && errno == EPERM;
}

/* Stores the name of the process's user, or "user N"; an empty text if it is not known. */
static void name_owner(int64_t pid, char owner[TETHER__OWNER_SIZE])
{
    char texts[1024];
    struct passwd entry, *found = NULL;
    int64_t user;
    owner[0] = '\0';
    if (tether__proc_user(pid, &user) != 0)
        return;
    if (getpwuid_r((uid_t)user, &entry, texts, sizeof texts, &found) == 0 && found != NULL)
        snprintf(owner, TETHER__OWNER_SIZE, "%s", entry.pw_name);
    else
        snprintf(owner, TETHER__OWNER_SIZE, "user %lld", (long long)user);
}

static int find_members(const tether__tree *tree, tether__members *found, tether_error *error)
{
    *found = (tether__members){0};
    int code = tether__os_tree_check(tree, error);
    return code == TETHER_OK ? tether__members_find(tree, found, error) : code;
}

/* Whether the pinned process has the supervisor's pid, and not the number that the supervisor had:
 * then it is not the supervisor. */
static bool is_forged(const tether__tree *tree, const tether__member *item, int pidfd)
{
    const tether__identity *supervisor = &tree->supervisor;
    if (item->pid != supervisor->pid || item->has_cookie || supervisor->pidfs_id == 0 || pidfd < 0)
        return false;
    uint64_t id = tether__pidfd_id(pidfd);
    return id != 0 && id != supervisor->pidfs_id;
}

/* Pins the process, checks that it is still the one that was found and still belongs to the task,
 * and signals it. Returns 0; EPERM if the process belongs to another user and refused a signal; or
 * the errno of a shortage, for which nothing was sent. */
static int signal_process(const tether__tree *tree, const tether__member *item, const int *numbers,
                          size_t count)
{
    int64_t leader = tree->supervisor.pid;
    tether__proc process;
    int refused = 0;
    int pidfd = tether__pidfd_open(item->pid);
    if (pidfd < 0 && errno != ENOSYS)
        return tether__posix_is_shortage(errno) ? errno : 0;
    int unread = tether__proc_read(item->pid, &process);
    bool same = unread == 0 && process.start_time == item->start_time &&
                !tether__proc_ended(&process) && !process.exiting &&
                !is_forged(tree, item, pidfd) &&
                (item->has_cookie || item->is_kin ||
                 (leader > 0 && (process.session == leader || process.group == leader)));
    for (size_t i = 0; same && i < count; i++) {
        int os_error = pidfd >= 0 ? tether__pidfd_signal(pidfd, numbers[i]) : ENOSYS;
        /* Linux before 5.3, some containers and the BSDs have only pids: the pid could be reused
         * between the check above and the signal. */
        if (os_error == ENOSYS)
            os_error = kill((pid_t)item->pid, numbers[i]) == 0 ? 0 : errno;
        refused += os_error == EPERM;
    }
    if (pidfd >= 0)
        close(pidfd);
    if (refused > 0)
        return EPERM;
    return tether__posix_is_shortage(unread) ? unread : 0;
}

/* Signals the group in one call, so that no member can fork away between two single signals.
 * Requires that the supervisor, its leader, is verified, and pinned where the system supports that.
 * False: nothing was sent. */
static bool signal_group(const tether__tree *tree, const int *numbers, size_t count)
{
    const tether__identity *leader = &tree->supervisor;
    if (!tree->supervisor_alive || leader->pid <= 0 || getpgrp() == (pid_t)leader->pid)
        return false;
    int pidfd = tether__pidfd_open(leader->pid);
    if (pidfd < 0 && errno != ENOSYS)
        return false;
    bool sent = false;
    if (tether__os_process_alive(leader) == TETHER__ALIVE) {
        sent = true;
        for (size_t i = 0; i < count; i++) {
            int result = pidfd < 0 ? ENOSYS : tether__pidfd_signal_group(pidfd, numbers[i]);
            if (result == ENOSYS || result == EINVAL)
                kill(-(pid_t)leader->pid, numbers[i]);
        }
    }
    if (pidfd >= 0)
        close(pidfd);
    return sent;
}

/* What became of a signal to a tree. */
typedef struct delivery {
    size_t left;
    size_t refused; /* processes of other users, which the caller may not signal */
    int64_t first_refused;
    int os_error; /* of a shortage, for which a process got no signal */
} delivery;

/* Notes what signal_process has returned. */
static void note_result(delivery *result, const tether__member *item, int os_error)
{
    if (os_error != 0 && os_error != EPERM)
        result->os_error = os_error;
    if (os_error != EPERM)
        return;
    if (result->refused == 0)
        result->first_refused = item->pid;
    result->refused++;
}

/* A signal that a process did not get for want of descriptors must not look like one that it got.
 */
static int check_delivery(const delivery *result, tether_error *error)
{
    return result->os_error == 0 ? TETHER_OK
                                 : tether__posix_fail(error, result->os_error, step, "a process");
}

/* Lists the processes first: a signal may end the parent by which a process is found. */
static int signal_tree(const tether__tree *tree, const int *numbers, size_t count, delivery *result,
                       tether_error *error)
{
    bool only_group;
    tether__members found;
    *result = (delivery){0};
    int code = find_only_group(tree, &only_group, error);
    if (code == TETHER_OK && only_group) {
        /* If the supervisor has just exited, the next inspection finds its lifeline free. */
        result->left = tether__group_signal(tree, numbers, count) ? 1 : 0;
        return TETHER_OK;
    }
    if (code == TETHER_OK)
        code = find_members(tree, &found, error);
    else
        found = (tether__members){0};
    /* The group can be signalled also if there is no memory to list processes. */
    bool group_done = code != TETHER_EFOREIGN && signal_group(tree, numbers, count);
    for (size_t i = 0; code == TETHER_OK && i < found.count; i++) {
        const tether__member *item = &found.items[i];
        /* A group takes a signal even if some of its processes refuse it. */
        if (!item->unproven && !(group_done && item->in_group && !refuses(item->pid)))
            note_result(result, item, signal_process(tree, item, numbers, count));
    }
    result->left = found.count - found.unproven;
    tether__members_dispose(&found);
    return code == TETHER_OK ? check_delivery(result, error) : code;
}

static int fail_refused(const tether__tree *tree, const delivery *result, tether_error *error)
{
    char owner[TETHER__OWNER_SIZE];
    name_owner(result->first_refused, owner);
    return tether__fail(error, TETHER_EACCESS, EPERM, step,
                        "%zu of %zu %s of task %s refused the signal: process %lld belongs to %s; "
                        "signal it as that user or as root",
                        result->refused, result->left, result->left == 1 ? "process" : "processes",
                        tree->task_id, (long long)result->first_refused,
                        owner[0] != '\0' ? owner : "another user");
}

static bool is_supervisor(const tether__tree *tree, const tether__member *item)
{
    return item->pid == tree->supervisor.pid &&
           (tree->supervisor.start_time == 0 || item->start_time == tree->supervisor.start_time);
}

static bool is_among(const tether__members *before, const tether__member *item)
{
    for (size_t i = 0; i < before->count; i++) {
        if (before->items[i].pid == item->pid && before->items[i].start_time == item->start_time)
            return true;
    }
    return false;
}

/* Signals those of the processes that are not among the ones before. The supervisor gets SIGCONT
 * instead: if it is stopped, it could not report the end. Returns how many were signalled. */
static size_t signal_commands(const tether__tree *tree, const tether__members *found,
                              const tether__members *before, int number, delivery *result)
{
    static const int resume = SIGCONT;
    size_t signalled = 0;
    for (size_t i = 0; i < found->count; i++) {
        const tether__member *item = &found->items[i];
        if (item->unproven || is_among(before, item))
            continue;
        signalled++;
        if (!is_supervisor(tree, item))
            note_result(result, item, signal_process(tree, item, &number, 1));
        else if (number == SIGKILL)
            note_result(result, item, signal_process(tree, item, &resume, 1));
    }
    return signalled;
}

/* Signals all processes but the supervisor, one by one. Before SIGKILL reaches a process, that
 * process may fork: signals what a new listing shows in addition, until it shows nothing more. The
 * supervisor leaves when all have ended, mostly before that listing; the kill's next step learns
 * from what it has written whether anything is left. */
static int signal_without_supervisor(const tether__tree *tree, int number, delivery *result,
                                     tether_error *error)
{
    tether__members before = {0}, found;
    int code = TETHER_OK;
    tether__tree brief = *tree;
    brief.looks_again = number == SIGKILL;
    *result = (delivery){0};
    for (int round = 0; code == TETHER_OK && round < MAX_ROUNDS; round++) {
        code = find_members(&brief, &found, error);
        size_t signalled =
            code == TETHER_OK ? signal_commands(tree, &found, &before, number, result) : 0;
        tether__members_dispose(&before);
        before = found;
        result->left += signalled;
        if (number != SIGKILL || signalled == 0)
            break;
    }
    tether__members_dispose(&before);
    return code == TETHER_OK ? check_delivery(result, error) : code;
}

/* Stores whether the supervisor is the only process of the task. */
static int find_alone(const tether__tree *tree, bool *alone, tether_error *error)
{
    tether__members found;
    int code = find_members(tree, &found, error);
    *alone = code == TETHER_OK && found.count == 1 && is_supervisor(tree, &found.items[0]);
    tether__members_dispose(&found);
    return code;
}

static void signal_supervisor(const tether__tree *tree, int number)
{
    const tether__member supervisor = {
        .pid = tree->supervisor.pid, .start_time = tree->supervisor.start_time, .is_kin = true};
    (void)signal_process(tree, &supervisor, &number, 1);
}

/* One listing can miss a process that forks and ends again and again: it may show neither the
 * parent, which has ended when it is looked at, nor the child, which did not exist when the names
 * were read. So nothing counts as left only if several listings in a row show nothing. */
static int find_alone_for_sure(const tether__tree *tree, bool *alone, tether_error *error)
{
    int code = TETHER_OK;
    *alone = true;
    for (int look = 0; code == TETHER_OK && *alone && look < SURE_LOOKS; look++)
        code = find_alone(tree, alone, error);
    *alone = *alone && code == TETHER_OK;
    return code;
}

/* Ends a monitor that hangs. It is stopped before the looks that count: it could start the command
 * between a look and its end. */
static int end_hung_monitor(const tether__tree *tree, tether_error *error)
{
    bool alone;
    tether__tree fresh = *tree;
    fresh.listing = NULL;
    int code = tree->supervisor.start_time != 0 ? find_alone(&fresh, &alone, error) : TETHER_OK;
    if (code != TETHER_OK || tree->supervisor.start_time == 0 || !alone)
        return code;
    signal_supervisor(tree, SIGSTOP);
    code = find_alone_for_sure(&fresh, &alone, error);
    signal_supervisor(tree, alone ? SIGKILL : SIGCONT);
    return code;
}

static int signal_monitored(const tether__tree *tree, int number, delivery *result,
                            tether_error *error)
{
    int code = signal_without_supervisor(tree, number, result, error);
    if (code == TETHER_OK && number == SIGKILL && tree->supervisor_late)
        code = end_hung_monitor(tree, error);
    return code;
}

int tether__os_tree_signal(const tether__tree *tree, tether__tree_signal signal, size_t *left,
                           tether_error *error)
{
    /* A stopped process handles SIGTERM only after it is continued. */
    static const int polite[] = {SIGTERM, SIGCONT};
    static const int others[] = {
        [TETHER__SIGNAL_FINAL] = SIGKILL,
        [TETHER__SIGNAL_PAUSE] = SIGSTOP,
        [TETHER__SIGNAL_RESUME] = SIGCONT,
    };
    delivery result;
    bool only_group;
    *left = 0;
    int code = find_only_group(tree, &only_group, error);
    if (code != TETHER_OK)
        return code;
    /* Only a signal that ends the whole group at once is certain to leave nothing of it. After
     * another one the supervisor may exit first, and nobody could find the rest. */
    if (signal == TETHER__SIGNAL_POLITE && only_group)
        return TETHER_ENOTSUP;
    bool spares = tree->monitored && !only_group &&
                  (signal == TETHER__SIGNAL_FINAL || signal == TETHER__SIGNAL_PAUSE);
    if (spares)
        code = signal_monitored(tree, others[signal], &result, error);
    else
        code = signal == TETHER__SIGNAL_POLITE
                   ? signal_tree(tree, polite, 2, &result, error)
                   : signal_tree(tree, &others[signal], 1, &result, error);
    *left = result.left;
    /* A kill lists the processes again and reports what is left. A resume has no more to do than a
     * pause had. */
    if (code == TETHER_OK && signal == TETHER__SIGNAL_PAUSE && result.refused > 0)
        return fail_refused(tree, &result, error);
    return code;
}

int tether__os_tree_signal_number(const tether__tree *tree, int number, size_t *left,
                                  tether_error *error)
{
    delivery result;
    *left = 0;
    if (!tether__signal_exists(number))
        return tether__fail(error, TETHER_EINVAL, 0, step,
                            "this system has no signal %d; kill -l lists those that it has",
                            number);
    bool only_group;
    int code = find_only_group(tree, &only_group, error);
    if (code == TETHER_OK && only_group)
        code = tether__group_check_signal(tree, number, error);
    if (code != TETHER_OK)
        return code;
    bool spares = number == SIGSTOP && tree->monitored;
    code = !spares && (number == SIGSTOP || tether__signal_survived(number))
               ? signal_tree(tree, &number, 1, &result, error)
               : signal_without_supervisor(tree, number, &result, error);
    *left = result.left;
    if (code == TETHER_OK && result.refused > 0)
        return fail_refused(tree, &result, error);
    return code;
}

/* A monitor stays because of the others, so that it is of interest only when it is alone. */
static void leave_out_monitor(const tether__tree *tree, tether__members *found)
{
    for (size_t i = 0; tree->monitored && found->count > 1 && i < found->count; i++) {
        if (is_supervisor(tree, &found->items[i])) {
            found->items[i] = found->items[--found->count];
            return;
        }
    }
}

int tether__os_tree_members(const tether__tree *tree, int64_t *pids, size_t capacity, size_t *count,
                            tether_error *error)
{
    bool only_group;
    tether__members found;
    *count = 0;
    int code = find_only_group(tree, &only_group, error);
    if (code != TETHER_OK)
        return code;
    if (only_group) {
        if (capacity > 0)
            pids[0] = tree->supervisor.pid;
        return count_only_group(tree, count, error);
    }
    code = find_members(tree, &found, error);
    leave_out_monitor(tree, &found);
    for (size_t i = 0; code == TETHER_OK && i < found.count; i++) {
        if (found.items[i].unproven)
            continue;
        if (*count < capacity)
            pids[*count] = found.items[i].pid;
        ++*count;
    }
    tether__members_dispose(&found);
    return code;
}

static tether__survivor describe_survivor(const tether__member *item)
{
    tether__survivor survivor = {.pid = item->pid};
    if (item->unproven)
        survivor.reason = TETHER__SURVIVOR_UNPROVEN;
    else if (refuses(item->pid))
        survivor.reason = TETHER__SURVIVOR_REFUSED;
    tether__os_process_name(item->pid, survivor.name);
    name_owner(item->pid, survivor.owner);
    return survivor;
}

int tether__os_tree_survivors(const tether__tree *tree, tether__survivor *survivors,
                              size_t capacity, size_t *count, tether_error *error)
{
    bool only_group;
    tether__members found;
    *count = 0;
    int code = find_only_group(tree, &only_group, error);
    if (code != TETHER_OK)
        return code;
    if (only_group) {
        if (capacity > 0)
            survivors[0] = (tether__survivor){.pid = tree->supervisor.pid};
        return count_only_group(tree, count, error);
    }
    code = find_members(tree, &found, error);
    leave_out_monitor(tree, &found);
    if (code == TETHER_OK)
        *count = found.count;
    for (size_t i = 0; i < *count && i < capacity; i++)
        survivors[i] = describe_survivor(&found.items[i]);
    tether__members_dispose(&found);
    return code;
}

const char *tether__os_tree_reach(bool *whole)
{
    *whole = tether__proc_is_own();
    if (!*whole)
        return "/proc is missing or belongs to another pid namespace: ends the process groups of "
               "tasks that run in this one, at once, and no process outside of them; mount /proc";
    return "reaches processes outside the process group too, by session and by "
           "TETHER_TASK_ID in the environment, and the children of all these";
}
