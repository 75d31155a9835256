/* Owns the processes that tests fork.
 * Must not: signal a process that it did not start.
 * Thread: the test's. */
#include "posix/forked.h"

#include "support/support.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "support/posix/machine.h"
#include "posix/proc.h"

pid_t forked_start(int (*body)(void *userdata), void *userdata)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        machine_die_with_parent();
        _exit(body(userdata));
    }
    return pid;
}

int forked_sleep(void *userdata)
{
    (void)userdata;
    for (;;)
        pause();
}

int forked_join(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void forked_kill(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    forked_join(pid);
}

char forked_state(pid_t pid)
{
    tether__proc process;
    return tether__proc_read(pid, &process) == 0 ? process.state : '\0';
}

bool forked_lives(pid_t pid)
{
    char state = forked_state(pid);
    return state != '\0' && state != 'Z' && state != 'X';
}

tether__identity forked_identity(pid_t pid)
{
    tether__identity identity = {.pid = pid, .start_time = tether__os_process_start_time(pid)};
    tether__os_boot_id(identity.boot_id);
    tether__os_pid_ns(identity.pid_ns);
    return identity;
}
