/* Owns finding and signalling the processes of a task where the system lists processes: the
 * supervisor's group and session, and every process with the task's cookie.
 * Must not: signal a process without verifying it right before; signal a process that no descriptor
 * pins, where the system has such descriptors; signal the caller's own process (listing.c leaves it
 * out, and signal_group refuses its group).
 * Thread: any. */
#include "os/tree.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/grow.h"
#include "posix/group.h"
#include "posix/listing.h"
#include "posix/pidfd.h"
#include "posix/proc.h"

static const char step[] = "signal task";

typedef struct candidate {
    int64_t pid;
    uint64_t start_time;
    bool in_group;
    bool in_session;
    bool has_cookie;
    bool exiting;
} candidate;

typedef struct candidates {
    candidate *items;
    size_t count;
    size_t capacity;
} candidates;

static bool candidates_add(candidates *found, const candidate *item)
{
    void *items = found->items;
    if (!tether__grow(&items, found->count, &found->capacity, sizeof *found->items))
        return false;
    found->items = items;
    found->items[found->count++] = *item;
    return true;
}

/* Whether the supervisor's pid is valid here although processes cannot be listed. */
static bool has_only_group(const tether__tree *tree)
{
    char pid_ns[TETHER__PID_NS_SIZE];
    tether__os_pid_ns(pid_ns);
    bool same = pid_ns[0] != '\0' && strcmp(tree->supervisor.pid_ns, pid_ns) == 0;
    return !tether__proc_is_own() && (same || tether__group_is_childs(tree));
}

int tether__os_tree_check(const tether__tree *tree, tether_error *error)
{
    char pid_ns[TETHER__PID_NS_SIZE];
    const char *theirs = tree->supervisor.pid_ns;
    tether__os_pid_ns(pid_ns);
    if (theirs[0] != '\0' && strcmp(theirs, pid_ns) != 0)
        return tether__fail(error, TETHER_EFOREIGN, 0, step,
                            "task %s was started in another pid namespace, where its pids denote "
                            "other processes: kill it from there",
                            tree->task_id);
    if (!tether__proc_is_own() && !has_only_group(tree))
        return tether__fail(error, TETHER_EFOREIGN, 0, step,
                            "/proc is missing or belongs to another pid namespace, so the "
                            "processes of task %s cannot be found: mount /proc in this one",
                            tree->task_id);
    return TETHER_OK;
}

/* Signals the group, or only counts it (count 0), where processes cannot be listed. Without a
 * leader nothing can be said about what is left. */
static int signal_only_group(const tether__tree *tree, const int *numbers, size_t count,
                             size_t *left, tether_error *error)
{
    *left = tether__group_signal(tree, numbers, count) ? 1 : 0;
    if (*left > 0)
        return TETHER_OK;
    return tether__fail(error, TETHER_EFOREIGN, 0, step,
                        "the supervisor of task %s has exited, and without /proc of this pid "
                        "namespace its other processes cannot be found: mount /proc",
                        tree->task_id);
}

/* Stores in *item how a process is related to the task, and returns whether it may belong to the
 * task. */
static bool may_belong(const tether__listing *listing, const tether__listed_process *process,
                       const tether__tree *tree, candidate *item)
{
    /* The supervisor did not start processes that are older than itself. */
    if (tether__proc_in_order() && process->start_time < tree->supervisor.start_time)
        return false;
    int64_t leader = tree->supervisor.pid;
    *item = (candidate){
        .pid = process->pid,
        .start_time = process->start_time,
        .in_group = leader > 0 && process->group == leader,
        .in_session = leader > 0 && process->session == leader,
        .has_cookie = tether__listing_has_cookie(listing, process, tree->task_id),
        .exiting = process->exiting,
    };
    return item->in_group || item->in_session || item->has_cookie;
}

static int select_candidates(const tether__listing *listing, const tether__tree *tree,
                             candidates *found, tether_error *error)
{
    candidate item;
    for (size_t i = 0; i < listing->count; i++) {
        if (may_belong(listing, &listing->processes[i], tree, &item) &&
            !candidates_add(found, &item))
            return tether__fail_memory(error, "list processes");
    }
    return TETHER_OK;
}

static int list_candidates(const tether__tree *tree, candidates *found, tether_error *error)
{
    if (tree->listing != NULL && tether__listing_covers(tree->listing, tree))
        return select_candidates(tree->listing, tree, found, error);
    tether__listing *own;
    int code = tether__os_tree_list(tree, 1, &own, error);
    if (code == TETHER_OK)
        code = select_candidates(own, tree, found, error);
    tether__os_tree_list_free(own);
    return code;
}

/* Session and group numbers are pids, which other processes may reuse once the supervisor and all
 * members of its session have exited. The numbers count while the supervisor lives, or while a
 * member with the cookie proves that the session still belongs to the task. An exiting process is
 * kept in any case: its environment, the only proof, is gone, and it may still hold its files. It
 * is therefore counted as a member, upon which a kill (engine/kill.c) lists the processes again
 * until it has exited; signal_process never signals it. */
static void drop_unrelated(const tether__tree *tree, candidates *found)
{
    bool trusted = tree->supervisor_alive;
    for (size_t i = 0; i < found->count; i++)
        trusted = trusted || (found->items[i].has_cookie && found->items[i].in_session);
    size_t kept = 0;
    for (size_t i = 0; i < found->count; i++) {
        const candidate *item = &found->items[i];
        if (trusted || item->has_cookie || item->exiting)
            found->items[kept++] = found->items[i];
    }
    found->count = kept;
}

static int find_members(const tether__tree *tree, candidates *found, tether_error *error)
{
    *found = (candidates){0};
    int code = tether__os_tree_check(tree, error);
    if (code != TETHER_OK)
        return code;
    code = list_candidates(tree, found, error);
    if (code != TETHER_OK) {
        free(found->items);
        *found = (candidates){0};
        return code;
    }
    drop_unrelated(tree, found);
    return TETHER_OK;
}

/* Pins the process, checks that it is still the one that was found and still belongs to the
 * task, and signals it. */
static void signal_process(const tether__tree *tree, const candidate *item, const int *numbers,
                           size_t count)
{
    int64_t leader = tree->supervisor.pid;
    tether__proc process;
    int pidfd = tether__pidfd_open(item->pid);
    if (pidfd < 0 && errno != ENOSYS)
        return;
    bool same = tether__proc_read(item->pid, &process) == 0 &&
                process.start_time == item->start_time && !tether__proc_ended(&process) &&
                !process.exiting &&
                (item->has_cookie ||
                 (leader > 0 && (process.session == leader || process.group == leader)));
    for (size_t i = 0; same && i < count; i++) {
        /* Linux before 5.3, some containers and the BSDs have only pids: the pid could be reused
         * between the check above and the signal. */
        if (pidfd < 0 || tether__pidfd_signal(pidfd, numbers[i]) == ENOSYS)
            kill((pid_t)item->pid, numbers[i]);
    }
    if (pidfd >= 0)
        close(pidfd);
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

static int signal_tree(const tether__tree *tree, const int *numbers, size_t count, size_t *left,
                       tether_error *error)
{
    candidates found;
    *left = 0;
    int code = tether__os_tree_check(tree, error);
    if (code != TETHER_OK)
        return code;
    if (has_only_group(tree))
        return signal_only_group(tree, numbers, count, left, error);
    bool group_done = signal_group(tree, numbers, count);
    code = find_members(tree, &found, error);
    if (code != TETHER_OK)
        return code;
    for (size_t i = 0; i < found.count; i++) {
        if (!group_done || !found.items[i].in_group)
            signal_process(tree, &found.items[i], numbers, count);
    }
    *left = found.count;
    free(found.items);
    return TETHER_OK;
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
    /* Only a signal that ends the whole group at once is certain to leave nothing of it. After
     * another one the supervisor may exit first, and nobody could find the rest. */
    if (signal == TETHER__SIGNAL_POLITE && has_only_group(tree))
        return TETHER_ENOTSUP;
    if (signal == TETHER__SIGNAL_POLITE)
        return signal_tree(tree, polite, 2, left, error);
    return signal_tree(tree, &others[signal], 1, left, error);
}

int tether__os_tree_signal_number(const tether__tree *tree, int number, size_t *left,
                                  tether_error *error)
{
    return signal_tree(tree, &number, 1, left, error);
}

int tether__os_tree_members(const tether__tree *tree, int64_t *pids, size_t capacity, size_t *count,
                            tether_error *error)
{
    candidates found;
    *count = 0;
    if (has_only_group(tree)) {
        if (capacity > 0)
            pids[0] = tree->supervisor.pid;
        return signal_only_group(tree, NULL, 0, count, error);
    }
    int code = find_members(tree, &found, error);
    if (code != TETHER_OK)
        return code;
    for (size_t i = 0; i < found.count && i < capacity; i++)
        pids[i] = found.items[i].pid;
    *count = found.count;
    free(found.items);
    return TETHER_OK;
}

const char *tether__os_tree_reach(bool *whole)
{
    *whole = tether__proc_is_own();
    if (!*whole)
        return "/proc is missing or belongs to another pid namespace: ends the process groups of "
               "tasks that run in this one, at once, and no process outside of them; mount /proc";
    return "reaches processes outside the process group too, by session and by "
           "TETHER_TASK_ID in the environment";
}
