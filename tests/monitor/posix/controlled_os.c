/* Owns what is done to monitors and hosts on POSIX.
 * Must not: touch a process that the test has not started.
 * Thread: the test's. */
#include "monitor/controlled.h"

#include <signal.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

void controlled_suspend(long pid)
{
    assert_int_equal(kill((pid_t)pid, SIGSTOP), 0);
}

void controlled_resume(long pid)
{
    assert_int_equal(kill((pid_t)pid, SIGCONT), 0);
}

void controlled_kill(long pid)
{
    assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
}

long controlled_host(const char *const *argv)
{
    pid_t host = fork();
    assert_true(host >= 0);
    if (host > 0)
        return host;
    execv(argv[0], (char *const *)argv);
    _exit(127);
}

void controlled_host_kill(long pid)
{
    controlled_kill(pid);
    assert_int_equal(waitpid((pid_t)pid, NULL, 0), pid);
}

void controlled_reap(void)
{
    WAIT_UNTIL(waitpid(-1, NULL, WNOHANG) != 0);
}

bool controlled_has_witnesses(const fixture *f)
{
    unsigned major = 0, minor = 0;
    struct utsname name;
    assert_int_equal(uname(&name), 0);
    sscanf(name.release, "%u.%u", &major, &minor);
    bool tells = major > 6 || (major == 6 && minor >= 15);
    return tells && setxattr(f->store, "user.tether.probe", "1", 1, 0) == 0;
}
