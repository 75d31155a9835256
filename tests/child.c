/* The program that plays every child of the tests: `tether-test-child VERB [ARG]...`. Verbs are
 * done in order. exit N          ends with N (without it: 0) out TEXT        writes TEXT and a
 * newline to standard output; err TEXT: to standard error argv            ends the verbs: writes
 * all that follow, each in hexadecimal on a line of its own env NAME        writes NAME's value, or
 * nothing flood BYTES     writes so many bytes, a repeated pattern without a newline, to standard
 * output sleep MS        waits; forever waits for ever ignore-term     ignores SIGTERM from here on
 *   detach          goes on in a child with a session of its own; the parent ends at once with 0
 *   fds             writes the numbers of all open descriptors on one line
 *   dispositions    writes the numbers of signals that are not at their default, then those that
 * are blocked signal N        ends itself by signal N cat             copies standard input to
 * standard output await FILE      waits until FILE is there pid             writes its process id
 * on a line stop            stops itself by SIGSTOP on-usr1 N       ends with N when SIGUSR1 comes
 *   forks N         starts N children, one after the other, that ignore SIGTERM and wait for ever
 *   append FILE     appends "x" and a newline to FILE in one write
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int usage(void)
{
    fputs("tether-test-child: unknown verb, or an argument is missing\n", stderr);
    return 99;
}

static void put(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            exit(98);
        bytes += written;
        size -= (size_t)written;
    }
}

static void put_line(int fd, const char *text)
{
    put(fd, text, strlen(text));
    put(fd, "\n", 1);
}

static void flood(uint64_t bytes)
{
    char block[65536];
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)('a' + i % 26);
    while (bytes > 0) {
        size_t part = bytes < sizeof block ? (size_t)bytes : sizeof block;
        put(1, block, part);
        bytes -= part;
    }
}

static void nap(long ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

static void show_argv(char **argv)
{
    for (; *argv != NULL; argv++) {
        for (const char *c = *argv; *c != '\0'; c++)
            printf("%02x", (unsigned)(unsigned char)*c);
        putchar('\n');
    }
    fflush(stdout);
}

static void show_fds(void)
{
    for (int fd = 0; fd < 1024; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            printf("%d ", fd);
    }
    putchar('\n');
    fflush(stdout);
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

static void detach(void)
{
    pid_t pid = fork();
    if (pid != 0)
        _exit(pid < 0 ? 97 : 0);
    setsid();
}

static void copy_input(void)
{
    char block[4096];
    for (ssize_t got; (got = read(0, block, sizeof block)) > 0;)
        put(1, block, (size_t)got);
}

static void await(const char *path)
{
    while (access(path, F_OK) != 0)
        nap(1);
}

static volatile sig_atomic_t code_on_usr1;

static void exit_on_usr1(int number)
{
    (void)number;
    _exit(code_on_usr1);
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
            for (;;)
                pause();
        }
        nap(1);
    }
}

static void append(const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        exit(96);
    put(fd, "x\n", 2);
    close(fd);
}

/* Verbs without an argument; whether it was one. */
static int do_plain(const char *verb, char **rest)
{
    if (strcmp(verb, "forever") == 0) {
        for (;;)
            pause();
    } else if (strcmp(verb, "ignore-term") == 0) {
        signal(SIGTERM, SIG_IGN);
    } else if (strcmp(verb, "detach") == 0) {
        detach();
    } else if (strcmp(verb, "pid") == 0) {
        printf("%ld\n", (long)getpid());
        fflush(stdout);
    } else if (strcmp(verb, "stop") == 0) {
        raise(SIGSTOP);
    } else if (strcmp(verb, "fds") == 0) {
        show_fds();
    } else if (strcmp(verb, "dispositions") == 0) {
        show_dispositions();
    } else if (strcmp(verb, "cat") == 0) {
        copy_input();
    } else if (strcmp(verb, "argv") == 0) {
        show_argv(rest);
        exit(0);
    } else {
        return 0;
    }
    return 1;
}

static int do_with_argument(const char *verb, const char *argument)
{
    if (strcmp(verb, "exit") == 0) {
        exit(atoi(argument));
    } else if (strcmp(verb, "out") == 0) {
        put_line(1, argument);
    } else if (strcmp(verb, "err") == 0) {
        put_line(2, argument);
    } else if (strcmp(verb, "env") == 0) {
        put_line(1, getenv(argument) != NULL ? getenv(argument) : "");
    } else if (strcmp(verb, "flood") == 0) {
        flood(strtoull(argument, NULL, 10));
    } else if (strcmp(verb, "sleep") == 0) {
        nap(atol(argument));
    } else if (strcmp(verb, "signal") == 0) {
        raise(atoi(argument));
    } else if (strcmp(verb, "await") == 0) {
        await(argument);
    } else if (strcmp(verb, "on-usr1") == 0) {
        on_usr1(atoi(argument));
    } else if (strcmp(verb, "forks") == 0) {
        fork_children(atol(argument));
    } else if (strcmp(verb, "append") == 0) {
        append(argument);
    } else {
        return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    (void)argc;
    for (char **verb = argv + 1; *verb != NULL; verb++) {
        if (do_plain(*verb, verb + 1))
            continue;
        if (verb[1] == NULL || !do_with_argument(verb[0], verb[1]))
            return usage();
        verb++;
    }
    return 0;
}
