/* Owns the start by fork, for platforms whose posix_spawn cannot change the directory or close all
 * descriptors.
 * Must not: call anything in the child that is not async-signal-safe, because another thread of the
 * host may have held any lock during the fork.
 * Thread: any. */
#include "posix/spawn_start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "posix/close_from.h"

enum { REPORT_FD = 3 };

static void reset_signals(bool is_monitor)
{
    struct sigaction action = {0};
    action.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &action, NULL); /* fails for SIGKILL and SIGSTOP, which is fine */
    sigset_t mask;
    if (is_monitor)
        sigfillset(&mask);
    else
        sigemptyset(&mask);
    sigprocmask(SIG_SETMASK, &mask, NULL);
}

static int arrange_descriptors(const tether__child_fds *fds, int report)
{
    for (int i = 0; i < TETHER__CHILD_FDS; i++) {
        if (fds->at[i] < 0)
            close(i);
        else if (dup2(fds->at[i], i) < 0)
            return errno;
    }
    if (fchdir(fds->workdir) != 0 || dup2(report, REPORT_FD) < 0 ||
        fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC) != 0)
        return errno;
    tether__close_from(TETHER__CHILD_FDS);
    return 0;
}

/* Runs the child, which executes the program or reports errno through the pipe. */
static void run_child(const tether__start *start, const tether__child_fds *fds, int report)
{
    int os_error = setsid() < 0 ? errno : 0;
    if (os_error == 0)
        os_error = arrange_descriptors(fds, report);
    if (os_error == 0) {
        report = REPORT_FD;
        reset_signals(start->orders != NULL);
        execve(start->program, (char *const *)start->argv, (char *const *)start->envp);
        os_error = errno;
    }
    ssize_t ignored = write(report, &os_error, sizeof os_error);
    (void)ignored;
    _exit(127);
}

/* Returns the errno that the child reports; 0 when the exec closed the pipe. */
static int read_report(int fd)
{
    int os_error = 0;
    ssize_t got;
    do
        got = read(fd, &os_error, sizeof os_error);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof os_error ? os_error : 0;
}

/* Opens a close-on-exec pipe above the descriptor numbers that the child uses. Returns 0 or
 * errno. */
static int open_report(int report[2])
{
    int raw[2];
    if (pipe(raw) != 0)
        return errno;
    int os_error = 0;
    for (int i = 0; i < 2; i++) {
        report[i] = fcntl(raw[i], F_DUPFD_CLOEXEC, TETHER__LIFELINE_FD + 1);
        if (report[i] < 0)
            os_error = errno;
        close(raw[i]);
    }
    for (int i = 0; os_error != 0 && i < 2; i++) {
        if (report[i] >= 0)
            close(report[i]);
    }
    return os_error;
}

int tether__posix_start(const tether__start *start, const tether__child_fds *fds, pid_t *pid)
{
    int report[2];
    int os_error = open_report(report);
    if (os_error != 0)
        return os_error;

    /* Signals are blocked, because the host's handlers must not run in the child. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child == 0)
        run_child(start, fds, report[1]);
    os_error = child < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    close(report[1]);
    if (os_error == 0)
        os_error = read_report(report[0]);
    close(report[0]);
    if (child > 0 && os_error != 0) {
        /* It is our own child and has reported why it exits. A host that reaps all children may
         * have reaped it already. */
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            continue;
        return os_error;
    }
    if (os_error == 0)
        *pid = child;
    return os_error;
}

const char *tether__os_spawn_variant(void)
{
    return "fork";
}
