/* Owns signalling a task's process group where processes cannot be listed.
 * Must not: signal a group whose leader does not hold its lifeline.
 * Thread: any. */
#include "posix/group.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "posix/signal.h"

bool tether__group_is_led(const tether__tree *tree)
{
    /* 1 is never a task's supervisor here, and as a group it would mean all processes. */
    pid_t leader = (pid_t)tree->supervisor.pid;
    return tree->lifeline_held && leader > 1 && getpgrp() != leader && getpgid(leader) == leader &&
           getsid(leader) == leader;
}

int tether__group_check_signal(const tether__tree *tree, int number, tether_error *error)
{
    if (number == SIGSTOP || tether__signal_survived(number))
        return TETHER_OK;
    return tether__fail(error, TETHER_ENOTSUP, 0, "signal task",
                        "signal %d would end the supervisor of task %s too, because only its whole "
                        "process group can be signalled here; use TERM, INT, HUP, QUIT, USR1 or "
                        "USR2, or a kill without a signal",
                        number, tree->task_id);
}

bool tether__group_signal(const tether__tree *tree, const int *numbers, size_t count)
{
    bool led = tether__group_is_led(tree);
    for (size_t i = 0; led && i < count; i++)
        kill(-(pid_t)tree->supervisor.pid, numbers[i]);
    return led;
}

bool tether__group_is_childs(const tether__tree *tree)
{
    siginfo_t info;
    return tree->supervisor.pid > 1 &&
           waitid(P_PID, (id_t)tree->supervisor.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}
