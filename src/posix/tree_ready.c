/* Owns the question whether a signal would reach a task's command, where the system lists
 * processes.
 * Must not: signal anything.
 * Thread: any. */
#include "os/tree.h"

#include <signal.h>

#include "posix/error.h"
#include "posix/listing.h"
#include "posix/proc.h"

static bool is_other_member(const tether__listing *listing, const tether__listed_process *process,
                            const tether__tree *tree)
{
    int64_t leader = tree->supervisor.pid;
    return process->pid != leader && !process->exiting &&
           (process->group == leader || process->session == leader ||
            tether__listing_has_cookie(listing, process, tree->task_id));
}

/* Stores whether the process is a forked copy of the supervisor with the supervisor's handler for
 * the signal. A shell removes its handlers in the copy before it executes the command. Returns 0 or
 * the errno of a shortage. */
static int would_discard(const tether__listed_process *process, int64_t leader, int number,
                         bool *discards)
{
    tether__proc now;
    *discards = false;
    if (number <= 0 || number >= 32)
        return 0;
    int os_error = tether__proc_read(process->pid, &now);
    if (os_error != 0)
        return tether__posix_is_shortage(os_error) ? os_error : 0;
    if (now.start_time != process->start_time || (now.caught >> (number - 1) & 1) == 0)
        return 0;
    return tether__proc_same_arguments(process->pid, leader, discards);
}

/* Stores whether any process but the supervisor and its copies would take the signal. Returns 0, or
 * the errno of a shortage for which that is not known. */
static int find_taker(const tether__listing *listing, const tether__tree *tree, int number,
                      bool *found)
{
    int os_error = 0;
    *found = false;
    for (size_t i = 0; !*found && i < listing->count; i++) {
        const tether__listed_process *process = &listing->processes[i];
        if (!is_other_member(listing, process, tree))
            continue;
        bool discards;
        int failed = would_discard(process, tree->supervisor.pid, number, &discards);
        if (failed != 0)
            os_error = failed;
        *found = failed == 0 && !discards;
    }
    return *found ? 0 : os_error;
}

/* An older listing is good enough: a process that has executed the command does not become a copy
 * of the supervisor again. */
int tether__os_tree_ready(const tether__tree *tree, int number, bool *ready, tether_error *error)
{
    tether__listing *own = NULL;
    int code = TETHER_OK;
    *ready = true;
    /* The kernel carries these out, whatever a process does about signals. */
    bool always = number == SIGSTOP || number == SIGCONT;
    if (always || !tree->supervisor_alive || tree->supervisor.pid <= 0)
        return TETHER_OK;
    bool covered = tree->listing != NULL && tether__listing_covers(tree->listing, tree);
    if (!covered)
        code = tether__os_tree_list(tree, 1, &own, error);
    if (code == TETHER_OK) {
        int os_error = find_taker(covered ? tree->listing : own, tree, number, ready);
        if (os_error != 0)
            code = tether__posix_fail(error, os_error, "list processes", "a process");
    }
    tether__os_tree_list_free(own);
    return code;
}
