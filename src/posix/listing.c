/* Owns listing all processes, once for any number of tasks; or those below one monitor.
 * Must not: decide which task a process belongs to, or signal it.
 * Thread: any. */
#include "posix/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/grow.h"
#include "posix/children.h"
#include "posix/error.h"
#include "posix/proc.h"

static const char step[] = "list processes";

enum { EXIT_WAIT_MS = 500, EXEC_WAIT_MS = 50, UNRELATED_WAIT_MS = 5 };

typedef struct pid_list {
    int64_t *pids;
    size_t count;
    size_t capacity;
} pid_list;

static int by_pid(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static int by_listed_pid(const void *left, const void *right)
{
    const tether__listed_process *a = left, *b = right;
    return (a->pid > b->pid) - (a->pid < b->pid);
}

/* Whether a pid is that of a supervisor, and so the number of its session and group. */
static bool is_leader(const tether__listing *listing, int64_t pid)
{
    return pid > 0 && listing->leader_count > 0 &&
           bsearch(&pid, listing->leaders, listing->leader_count, sizeof pid, by_pid) != NULL;
}

bool tether__listing_covers(const tether__listing *listing, const tether__tree *tree)
{
    const tether__identity *supervisor = &tree->supervisor;
    return listing->since <= supervisor->start_time &&
           (supervisor->pid <= 0 || is_leader(listing, supervisor->pid));
}

bool tether__listing_has_cookie(const tether__listing *listing,
                                const tether__listed_process *process, const char *task_id)
{
    for (size_t i = 0; i < process->cookie_count; i++) {
        if (strcmp(listing->cookies[process->cookie + i], task_id) == 0)
            return true;
    }
    return false;
}

static tether__listed_process *find(const tether__listing *listing, int64_t pid)
{
    tether__listed_process wanted = {.pid = pid};
    return listing->count == 0 ? NULL
                               : bsearch(&wanted, listing->processes, listing->count,
                                         sizeof *listing->processes, by_listed_pid);
}

const tether__listed_process *tether__listing_find(const tether__listing *listing, int64_t pid)
{
    return find(listing, pid);
}

/* A parent that is younger than its child has got the pid of the child's parent, which has exited
 * since the child was listed. */
bool tether__listing_is_parent(const tether__listed_process *parent,
                               const tether__listed_process *child)
{
    return parent->pid == child->parent && parent->start_time <= child->start_time;
}

/* Returns how long, in milliseconds, to wait for the environment of a process that has none. */
static int max_wait_ms(const tether__proc *process, const tether__listing *listing)
{
    if (process->kernel || tether__proc_ended(process))
        return 0;
    if (process->exiting)
        return EXIT_WAIT_MS;
    return is_leader(listing, process->session) ? EXEC_WAIT_MS : UNRELATED_WAIT_MS;
}

typedef struct cookie_sink {
    tether__listing *listing;
    bool no_memory;
} cookie_sink;

static bool add_cookie(const char *value, void *userdata)
{
    cookie_sink *sink = userdata;
    tether__listing *listing = sink->listing;
    void *cookies = listing->cookies;
    sink->no_memory = !tether__grow(&cookies, listing->cookie_count, &listing->cookie_capacity,
                                    sizeof *listing->cookies);
    if (sink->no_memory)
        return false;
    listing->cookies = cookies;
    memcpy(listing->cookies[listing->cookie_count++], value, strlen(value) + 1);
    return true;
}

/* PROBE_FAILED: the listing's os_error says why. */
typedef enum probe { PROBE_DONE, PROBE_RETRY, PROBE_FAILED } probe;

static probe fail_probe(tether__listing *listing, int os_error)
{
    listing->os_error = os_error;
    return PROBE_FAILED;
}

/* Forgets the cookies that were just read, unless the tasks' user or root has set them. */
static probe check_cookies(tether__listing *listing, int64_t pid, size_t first)
{
    bool trusted;
    if (listing->cookie_count == first)
        return PROBE_DONE;
    int os_error = tether__proc_environment_is_from(pid, listing->user, &trusted);
    if (tether__posix_is_shortage(os_error))
        return fail_probe(listing, os_error);
    if (os_error != 0 || !trusted)
        listing->cookie_count = first;
    return PROBE_DONE;
}

static probe add_process(tether__listing *listing, int64_t pid, const tether__proc *process,
                         size_t first_cookie, bool unreadable)
{
    void *processes = listing->processes;
    size_t cookies = listing->cookie_count - first_cookie;
    if (!tether__grow(&processes, listing->count, &listing->capacity, sizeof *listing->processes))
        return fail_probe(listing, ENOMEM);
    listing->processes = processes;
    listing->processes[listing->count++] = (tether__listed_process){
        .pid = pid,
        .start_time = process->start_time,
        .parent = process->parent,
        .group = process->group,
        .session = process->session,
        .exiting = process->exiting,
        .unreadable = unreadable,
        .relevant = cookies > 0 || is_leader(listing, process->session) ||
                    is_leader(listing, process->group),
        .cookie = first_cookie,
        .cookie_count = cookies,
    };
    return PROBE_DONE;
}

/* Reads a process that may belong to a tree. The supervisors did not start processes that are older
 * than themselves; leaving those out saves reading most environments. *wanted is false for these,
 * and for what has ended or is hidden. */
static probe read_process(tether__listing *listing, int64_t pid, tether__proc *process,
                          bool *wanted)
{
    int os_error = tether__proc_read(pid, process);
    *wanted =
        os_error == 0 && !tether__proc_ended(process) && process->start_time >= listing->since;
    return tether__posix_is_shortage(os_error) ? fail_probe(listing, os_error) : PROBE_DONE;
}

/* A process without an environment is in the middle of an exec, and soon has its cookie again, or
 * is about to exit. Until then it must not count as an unrelated process. If it stays without an
 * environment, it is unrelated. */
static probe probe_process(tether__listing *listing, int64_t pid, int waited_ms)
{
    tether__proc process;
    bool wanted;
    probe result = read_process(listing, pid, &process, &wanted);
    if (result != PROBE_DONE || !wanted)
        return result;
    size_t first = listing->cookie_count;
    cookie_sink sink = {listing, false};
    tether__proc_variable found =
        tether__proc_each_value(pid, "TETHER_TASK_ID=", TETHER_ID_SIZE, add_cookie, &sink);
    if (found == TETHER__VARIABLE_FAILED || sink.no_memory)
        return fail_probe(listing, sink.no_memory ? ENOMEM : errno);
    /* Read again: an exiting process loses its environment first, and must not be taken for an
     * unrelated process because of that. */
    if (found != TETHER__VARIABLE_PRESENT)
        result = read_process(listing, pid, &process, &wanted);
    else
        result = check_cookies(listing, pid, first);
    if (result != PROBE_DONE || !wanted)
        return result;
    if (found == TETHER__VARIABLE_UNKNOWN && waited_ms < max_wait_ms(&process, listing))
        return PROBE_RETRY;
    bool is_empty = true;
    int os_error =
        found == TETHER__VARIABLE_UNKNOWN ? tether__proc_environment_is_empty(pid, &is_empty) : 0;
    if (os_error != 0)
        return fail_probe(listing, os_error);
    return add_process(listing, pid, &process, first, !is_empty);
}

static bool add_pid(pid_list *list, int64_t pid)
{
    void *pids = list->pids;
    if (!tether__grow(&pids, list->count, &list->capacity, sizeof *list->pids))
        return false;
    list->pids = pids;
    list->pids[list->count++] = pid;
    return true;
}

typedef struct first_pass {
    tether__listing *listing;
    pid_list *later; /* cannot be classified yet */
    int64_t self;
    bool failed;
} first_pass;

static bool probe_or_postpone(int64_t pid, void *userdata)
{
    first_pass *all = userdata;
    if (pid == all->self)
        return true;
    probe result = probe_process(all->listing, pid, 0);
    if (result == PROBE_RETRY && !add_pid(all->later, pid))
        result = fail_probe(all->listing, ENOMEM);
    all->failed = result == PROBE_FAILED;
    return !all->failed;
}

/* A listing that lacks a process for want of descriptors or memory would prove nothing. */
static int fail_shortage(const tether__listing *listing, tether_error *error)
{
    return tether__posix_fail(error, listing->os_error, step, "a process");
}

static int probe_all(tether__listing *listing, pid_list *later, tether_error *error)
{
    first_pass all = {listing, later, getpid(), false};
    int os_error = tether__proc_list(probe_or_postpone, &all);
    if (tether__posix_is_shortage(os_error))
        return tether__posix_fail(error, os_error, step, "all processes");
    if (os_error != 0)
        return tether__posix_fail_as(error, TETHER_ENOTSUP, os_error, step, "all processes");
    return all.failed ? fail_shortage(listing, error) : TETHER_OK;
}

/* --- Below one monitor --- */

static bool has_pid(const pid_list *list, int64_t pid)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->pids[i] == pid)
            return true;
    }
    return false;
}

static bool add_new(pid_list *branch, const tether__children *children)
{
    bool fits = true;
    for (size_t i = 0; fits && i < children->count; i++)
        fits = has_pid(branch, children->items[i]) || add_pid(branch, children->items[i]);
    return fits;
}

/* Adds the children of one process. The list of one that has ended is missing, and its children are
 * the monitor's by then. */
static bool add_below(pid_list *branch, size_t index)
{
    tether__proc process;
    int64_t pid = branch->pids[index];
    tether__children children = tether__children_list(pid);
    bool known = !children.partial || (index > 0 && tether__proc_read(pid, &process) != 0);
    known = add_new(branch, &children) && known;
    free(children.items);
    return known;
}

/* Finds the monitor and all processes below it, until a look at all of them finds no other: one
 * that loses its parent between two looks comes to the monitor. Returns false if that is not known.
 */
static bool find_branch(const tether__tree *tree, pid_list *branch)
{
    size_t before = 0;
    bool known = add_pid(branch, tree->supervisor.pid);
    while (known && branch->count > before) {
        before = branch->count;
        for (size_t i = 0; known && i < branch->count; i++)
            known = add_below(branch, i);
    }
    return known && tether__os_process_alive(&tree->supervisor) == TETHER__ALIVE;
}

/* A monitor adopts what loses its parent: as long as it lives, all processes that the task has
 * started are below it, and the number of the machine's other processes costs nothing. Stores false
 * in *done if they cannot be found so. */
static int probe_branch(tether__listing *listing, const tether__tree *tree, pid_list *later,
                        bool *done, tether_error *error)
{
    pid_list branch = {0};
    first_pass all = {listing, later, getpid(), false};
    *done = find_branch(tree, &branch);
    for (size_t i = 0; *done && !all.failed && i < branch.count; i++)
        (void)probe_or_postpone(branch.pids[i], &all);
    free(branch.pids);
    return all.failed ? fail_shortage(listing, error) : TETHER_OK;
}

/* --- One listing --- */

static int probe_trees(tether__listing *listing, const tether__tree *trees, size_t count,
                       pid_list *later, tether_error *error)
{
    bool done = false, single = count == 1 && trees->monitored && trees->supervisor_alive;
    int code = single ? probe_branch(listing, trees, later, &done, error) : TETHER_OK;
    if (code == TETHER_OK && single && !done && trees->looks_again)
        done = tether__os_process_alive(&trees->supervisor) != TETHER__ALIVE;
    return code == TETHER_OK && !done ? probe_all(listing, later, error) : code;
}

/* Waits for all of them at once, so that the total time is the longest single wait. */
static int probe_postponed(tether__listing *listing, pid_list *later, tether_error *error)
{
    const struct timespec pause = {0, 1000000};
    for (int waited = 1; later->count > 0; waited++) {
        nanosleep(&pause, NULL);
        size_t left = 0;
        for (size_t i = 0; i < later->count; i++) {
            probe result = probe_process(listing, later->pids[i], waited);
            if (result == PROBE_FAILED)
                return fail_shortage(listing, error);
            if (result == PROBE_RETRY)
                later->pids[left++] = later->pids[i];
        }
        later->count = left;
    }
    return TETHER_OK;
}

static bool add_leaders(tether__listing *listing, const tether__tree *trees, size_t count)
{
    listing->leaders = calloc(count + 1, sizeof *listing->leaders);
    if (listing->leaders == NULL)
        return false;
    listing->user = geteuid();
    listing->since = count > 0 && tether__proc_in_order() ? UINT64_MAX : 0;
    for (size_t i = 0; i < count; i++) {
        const tether__identity *supervisor = &trees[i].supervisor;
        if (supervisor->start_time < listing->since)
            listing->since = supervisor->start_time;
        if (supervisor->pid > 0)
            listing->leaders[listing->leader_count++] = supervisor->pid;
    }
    qsort(listing->leaders, listing->leader_count, sizeof *listing->leaders, by_pid);
    return true;
}

/* Marks the processes that are known to belong to one of the trees. */
static void mark_kin(tether__listing *listing, const tether__kin *kin)
{
    for (size_t i = 0; kin != NULL && i < kin->count; i++) {
        tether__listed_process *process = find(listing, kin->members[i].pid);
        if (process != NULL && process->start_time == kin->members[i].start_time)
            process->relevant = true;
    }
}

/* Whether a listed process still exists, if only as a zombie: then its pid was its own all the time
 * since it was listed. */
static bool has_kept_pid(tether__listing *listing, const tether__listed_process *listed)
{
    tether__proc process;
    int os_error = tether__proc_read(listed->pid, &process);
    if (tether__posix_is_shortage(os_error))
        listing->os_error = os_error;
    return os_error == 0 && process.start_time == listed->start_time;
}

/* Whether the process is a child of one that is relevant. Of the two, the parent may have been
 * listed first: then another process may have got its pid, and have started the child. So the
 * parent has to exist still. */
static bool has_relevant_parent(tether__listing *listing, const tether__listed_process *process)
{
    const tether__listed_process *parent = tether__listing_find(listing, process->parent);
    return parent != NULL && parent->relevant && tether__listing_is_parent(parent, process) &&
           has_kept_pid(listing, parent);
}

/* Marks the descendants of relevant processes. */
static void mark_descendants(tether__listing *listing)
{
    bool found = true;
    while (found) {
        found = false;
        for (size_t i = 0; i < listing->count; i++) {
            tether__listed_process *process = &listing->processes[i];
            if (!process->relevant && has_relevant_parent(listing, process))
                process->relevant = found = true;
        }
    }
}

/* Leaves out the processes that have nothing to do with any task. */
static void drop_irrelevant(tether__listing *listing, const tether__tree *trees, size_t count)
{
    size_t kept = 0;
    if (listing->count == 0)
        return;
    qsort(listing->processes, listing->count, sizeof *listing->processes, by_listed_pid);
    for (size_t i = 0; i < count; i++)
        mark_kin(listing, trees[i].kin);
    mark_descendants(listing);
    for (size_t i = 0; i < listing->count; i++) {
        if (listing->processes[i].relevant)
            listing->processes[kept++] = listing->processes[i];
    }
    listing->count = kept;
}

int tether__os_tree_list(const tether__tree *trees, size_t count, tether__listing **out,
                         tether_error *error)
{
    pid_list later = {0};
    *out = NULL;
    tether__listing *listing = calloc(1, sizeof *listing);
    if (listing == NULL || !add_leaders(listing, trees, count)) {
        tether__os_tree_list_free(listing);
        return tether__fail_memory(error, step);
    }
    /* Without a process table of this pid namespace, the listing stays empty: tree_listed.c then
     * relies on process groups. */
    bool own;
    int os_error = tether__proc_check_own(&own);
    int code = os_error != 0 ? tether__posix_fail(error, os_error, step, "/proc/self") : TETHER_OK;
    if (code == TETHER_OK && own)
        code = probe_trees(listing, trees, count, &later, error);
    if (code == TETHER_OK)
        code = probe_postponed(listing, &later, error);
    free(later.pids);
    if (code == TETHER_OK)
        drop_irrelevant(listing, trees, count);
    if (code == TETHER_OK && listing->os_error != 0)
        code = fail_shortage(listing, error);
    if (code == TETHER_OK)
        *out = listing;
    else
        tether__os_tree_list_free(listing);
    return code;
}

void tether__os_tree_list_free(tether__listing *listing)
{
    if (listing == NULL)
        return;
    free(listing->processes);
    free(listing->cookies);
    free(listing->leaders);
    free(listing);
}
