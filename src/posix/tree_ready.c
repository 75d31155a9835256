/* Owns the question whether a signal would reach a task's command, where the system lists
 * processes.
 * Must not: signal anything.
 * Thread: any. */
#include "os/tree.h"

#include <signal.h>

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

/* Returns whether the process is a forked copy of the supervisor with the supervisor's handler for
 * the signal. A shell removes its handlers in the copy before it executes the command. */
static bool would_discard(const tether__listed_process *process, int64_t leader, int number)
{
    tether__proc now;
    return number > 0 && number < 32 && tether__proc_read(process->pid, &now) == 0 &&
           now.start_time == process->start_time && (now.caught >> (number - 1) & 1) != 0 &&
           tether__proc_same_arguments(process->pid, leader);
}

static bool any_would_take(const tether__listing *listing, const tether__tree *tree, int number)
{
    for (size_t i = 0; i < listing->count; i++) {
        const tether__listed_process *process = &listing->processes[i];
        if (is_other_member(listing, process, tree) &&
            !would_discard(process, tree->supervisor.pid, number))
            return true;
    }
    return false;
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
    if (code == TETHER_OK)
        *ready = any_would_take(covered ? tree->listing : own, tree, number);
    tether__os_tree_list_free(own);
    return code;
}
