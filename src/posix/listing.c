/* Owns the listing of all processes, once for any number of tasks.
 * Must not: decide to whom a process belongs, or signal it.
 * Thread: any. */
#include "posix/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "posix/error.h"
#include "posix/grow.h"
#include "posix/proc.h"

static const char step[] = "list processes";

enum { EXIT_PATIENCE_MS = 500, EXEC_PATIENCE_MS = 50, STRANGER_PATIENCE_MS = 5 };

/* Processes of which nothing can be told yet. */
typedef struct undecided {
    int64_t *pids;
    size_t count;
    size_t room;
} undecided;

static int by_pid(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Whether this is the number of a supervisor, and so of its session and group. */
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

/* How long a process without an environment may keep us, in milliseconds. */
static int patience_for(const tether__proc *process, const tether__listing *listing)
{
    if (process->kernel || tether__proc_ended(process))
        return 0;
    if (process->exiting)
        return EXIT_PATIENCE_MS;
    return is_leader(listing, process->session) ? EXEC_PATIENCE_MS : STRANGER_PATIENCE_MS;
}

typedef struct cookie_sink {
    tether__listing *listing;
    bool no_memory;
} cookie_sink;

static bool take_cookie(const char *value, void *userdata)
{
    cookie_sink *sink = userdata;
    tether__listing *listing = sink->listing;
    void *cookies = listing->cookies;
    sink->no_memory = !tether__grow(&cookies, listing->cookie_count, &listing->cookie_room,
                                    sizeof *listing->cookies);
    if (sink->no_memory)
        return false;
    listing->cookies = cookies;
    memcpy(listing->cookies[listing->cookie_count++], value, strlen(value) + 1);
    return true;
}

static bool keep(tether__listing *listing, int64_t pid, const tether__proc *process,
                 size_t first_cookie)
{
    void *processes = listing->processes;
    size_t cookies = listing->cookie_count - first_cookie;
    if (cookies == 0 && !is_leader(listing, process->session) &&
        !is_leader(listing, process->group))
        return true;
    if (!tether__grow(&processes, listing->count, &listing->room, sizeof *listing->processes))
        return false;
    listing->processes = processes;
    listing->processes[listing->count++] = (tether__listed_process){
        .pid = pid,
        .start_time = process->start_time,
        .group = process->group,
        .session = process->session,
        .exiting = process->exiting,
        .cookie = first_cookie,
        .cookie_count = cookies,
    };
    return true;
}

typedef enum look { LOOK_DONE, LOOK_AGAIN, LOOK_NO_MEMORY } look;

/* A process that has no environment just now is in the middle of an exec, and has the cookie again
 * in an instant, or on its way out, and gone in one: nobody may take it for a stranger because of
 * that instant. One that stays without is one. */
static look look_at(tether__listing *listing, int64_t pid, int waited_ms)
{
    tether__proc process;
    /* What is older than the supervisors does not come from them; this spares most of the
     * environments. */
    if (tether__proc_read(pid, &process) != 0 || tether__proc_ended(&process) ||
        process.start_time < listing->since)
        return LOOK_DONE;
    size_t first = listing->cookie_count;
    cookie_sink sink = {listing, false};
    tether__proc_variable found =
        tether__proc_each_value(pid, "TETHER_TASK_ID=", TETHER_ID_SIZE, take_cookie, &sink);
    if (sink.no_memory)
        return LOOK_NO_MEMORY;
    /* Once more: the environment goes before the process does, which must not make it nobody's. */
    if (found != TETHER__VARIABLE_PRESENT &&
        (tether__proc_read(pid, &process) != 0 || tether__proc_ended(&process)))
        return LOOK_DONE;
    if (found == TETHER__VARIABLE_UNKNOWN && waited_ms < patience_for(&process, listing))
        return LOOK_AGAIN;
    return keep(listing, pid, &process, first) ? LOOK_DONE : LOOK_NO_MEMORY;
}

static bool postpone(undecided *later, int64_t pid)
{
    void *pids = later->pids;
    if (!tether__grow(&pids, later->count, &later->room, sizeof *later->pids))
        return false;
    later->pids = pids;
    later->pids[later->count++] = pid;
    return true;
}

typedef struct first_pass {
    tether__listing *listing;
    undecided *later;
    int64_t self;
    bool fits;
} first_pass;

static bool look_at_one(int64_t pid, void *userdata)
{
    first_pass *all = userdata;
    if (pid == all->self)
        return true;
    look seen = look_at(all->listing, pid, 0);
    all->fits = seen == LOOK_DONE || (seen == LOOK_AGAIN && postpone(all->later, pid));
    return all->fits;
}

static int look_at_all(tether__listing *listing, undecided *later, tether_error *error)
{
    first_pass all = {listing, later, getpid(), true};
    int os_error = tether__proc_list(look_at_one, &all);
    if (os_error != 0)
        return tether__posix_fail_as(error, TETHER_ENOTSUP, os_error, step, "all processes");
    return all.fits ? TETHER_OK : tether__fail_memory(error, step);
}

/* For all of them at the same time: however many they are, the longest patience is the whole wait.
 */
static int wait_for(tether__listing *listing, undecided *later, tether_error *error)
{
    const struct timespec pause = {0, 1000000};
    for (int waited = 1; later->count > 0; waited++) {
        nanosleep(&pause, NULL);
        size_t left = 0;
        for (size_t i = 0; i < later->count; i++) {
            look seen = look_at(listing, later->pids[i], waited);
            if (seen == LOOK_NO_MEMORY)
                return tether__fail_memory(error, step);
            if (seen == LOOK_AGAIN)
                later->pids[left++] = later->pids[i];
        }
        later->count = left;
    }
    return TETHER_OK;
}

static bool take_trees(tether__listing *listing, const tether__tree *trees, size_t count)
{
    listing->leaders = calloc(count + 1, sizeof *listing->leaders);
    if (listing->leaders == NULL)
        return false;
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

int tether__os_tree_list(const tether__tree *trees, size_t count, tether__listing **out,
                         tether_error *error)
{
    undecided later = {0};
    *out = NULL;
    tether__listing *listing = calloc(1, sizeof *listing);
    if (listing == NULL || !take_trees(listing, trees, count)) {
        tether__os_tree_list_free(listing);
        return tether__fail_memory(error, step);
    }
    int code = look_at_all(listing, &later, error);
    if (code == TETHER_OK)
        code = wait_for(listing, &later, error);
    free(later.pids);
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
