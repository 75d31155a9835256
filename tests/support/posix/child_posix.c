/* Owns the POSIX part of the test child.
 * Must not: know the tests.
 * Thread: one. */
#include "support/child_os.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

char **child_arguments(int argc, char **argv)
{
    (void)argc;
    return argv;
}

void child_write(int stream, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(stream, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            exit(98);
        bytes += written;
        size -= (size_t)written;
    }
}

long child_read(char *bytes, size_t room)
{
    return (long)read(0, bytes, room);
}

void child_close_input(void)
{
    close(0);
}

void child_append(const char *path, const char *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        exit(96);
    child_write(fd, bytes, size);
    close(fd);
}

bool child_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

const char *child_variable(const char *name)
{
    return getenv(name);
}

const char *child_workdir(void)
{
    static char path[4096];
    if (getcwd(path, sizeof path) == NULL)
        exit(94);
    return path;
}

long child_pid(void)
{
    return (long)getpid();
}

void child_nap(long ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

void child_wait(void)
{
    for (;;)
        pause();
}

void child_show_inherited(void)
{
    for (int fd = 0; fd < 1024; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            printf("%d ", fd);
    }
    putchar('\n');
    fflush(stdout);
}

/* Returns the write end of a new pipe. The read end stays open here if the pipe is a full one. */
static int open_pipe(const char *kind)
{
    static const char block[4096];
    int ends[2];
    if (pipe(ends) != 0)
        exit(97);
    if (strcmp(kind, "full") == 0) {
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
        while (write(ends[1], block, sizeof block) > 0 || errno == EINTR)
            continue;
        while (write(ends[1], block, 1) > 0 || errno == EINTR)
            continue;
        fcntl(ends[1], F_SETFL, 0);
    } else {
        close(ends[0]);
    }
    return ends[1];
}

int child_run_into(const char *kind, char **argv)
{
    int status, end = strcmp(kind, "closed") != 0 ? open_pipe(kind) : -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(1);
        if (end >= 0)
            dup2(end, 1);
        signal(SIGPIPE, SIG_IGN);
        execvp(argv[0], argv);
        _exit(97);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (pid < 0)
        exit(97);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void show_dispositions(void)
{
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int number = 1; number < 32; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
            printf("%d ", number);
    }
    fputs("/ ", stdout);
    for (int number = 1; number < 32; number++) {
        if (sigismember(&blocked, number) == 1)
            printf("%d ", number);
    }
    putchar('\n');
    fflush(stdout);
}

static void leave(void)
{
    pid_t pid = fork();
    if (pid != 0)
        _exit(pid < 0 ? 97 : 0);
}

static void hop(void)
{
    for (;;)
        leave();
}

static void detach(void)
{
    leave();
    setsid();
}

static void own_session(void)
{
    if (setsid() < 0)
        exit(97);
}

static void become(long user)
{
    if (setgid((gid_t)user) != 0 || setuid((uid_t)user) != 0)
        exit(97);
}

/* The first thread is a zombie once it has exited, whatever the others do. */
static void *outlive(void *first)
{
    pthread_join(*(pthread_t *)first, NULL);
    child_write(1, "headless\n", 9);
    child_wait();
    return NULL;
}

static void go_on_headless(void)
{
    static pthread_t first;
    pthread_t other;
    first = pthread_self();
    if (pthread_create(&other, NULL, outlive, &first) != 0)
        exit(97);
    pthread_exit(NULL);
}

static volatile sig_atomic_t code_on_usr1;

static void exit_on_usr1(int number)
{
    (void)number;
    _exit((int)code_on_usr1);
}

static void on_usr1(int code)
{
    code_on_usr1 = code;
    signal(SIGUSR1, exit_on_usr1);
}

static void fork_children(long count)
{
    for (long i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid < 0)
            exit(97);
        if (pid == 0) {
            signal(SIGTERM, SIG_IGN);
            child_wait();
        }
        child_nap(1);
    }
}

bool child_do_plain(const char *verb, char **rest)
{
    (void)rest;
    if (strcmp(verb, "ignore-term") == 0)
        signal(SIGTERM, SIG_IGN);
    else if (strcmp(verb, "detach") == 0)
        detach();
    else if (strcmp(verb, "own-session") == 0)
        own_session();
    else if (strcmp(verb, "become-root") == 0)
        become(0);
    else if (strcmp(verb, "headless") == 0)
        go_on_headless();
    else if (strcmp(verb, "leave") == 0)
        leave();
    else if (strcmp(verb, "hop") == 0)
        hop();
    else if (strcmp(verb, "stop") == 0)
        raise(SIGSTOP);
    else if (strcmp(verb, "dispositions") == 0)
        show_dispositions();
    else
        return false;
    return true;
}

bool child_do_with_argument(const char *verb, const char *argument)
{
    if (strcmp(verb, "signal") == 0)
        raise(atoi(argument));
    else if (strcmp(verb, "become") == 0)
        become(atol(argument));
    else if (strcmp(verb, "on-usr1") == 0)
        on_usr1(atoi(argument));
    else if (strcmp(verb, "forks") == 0)
        fork_children(atol(argument));
    else
        return false;
    return true;
}
