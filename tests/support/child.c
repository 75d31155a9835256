/* The test child: the program that the tests run as a task's command.
 *
 * Usage: tether-test-child VERB [ARG]...
 *
 * Runs the verbs in order, then exits with 0 if none of them exits before. child_os.h has what
 * depends on the platform. "Prints" means to standard output.
 * - exit N: exits with N
 * - out TEXT, err TEXT: prints TEXT and a newline; err writes it to standard error
 * - put TEXT: prints TEXT without a newline
 * - times N: repeats the next out or err N times
 * - count N: prints the numbers from 1 to N, one per line
 * - argv ARG...: the last verb; prints each ARG in hexadecimal, one per line
 * - env NAME: prints the value of the variable NAME and a newline; an empty line if it is not set
 * - bytes HEX, err-bytes HEX: prints these bytes; err-bytes writes them to standard error
 * - blanks N: prints N spaces
 * - workdir: prints the current directory
 * - flood BYTES: prints this many bytes of a repeated pattern without a newline
 * - floods BYTES: writes this many to standard output and to standard error each, in turns
 * - sleep MS: sleeps; forever: sleeps until it is killed
 * - cat: copies standard input to standard output
 * - close-input: closes standard input
 * - await FILE: waits until FILE exists
 * - pid: prints the process id and a newline
 * - lose N: loses N blocks of memory, which a check for leaks would report
 * - append FILE: appends "x" and a newline to FILE in one write
 * - fds: prints the numbers of all open descriptors (Windows: inheritable handles) on one line
 * - ignore-term: ignores SIGTERM (Windows: Ctrl-C) from now on
 * - leave: continues in a child process; the parent exits with 0 at once, as if a shell had put the
 *   rest into the background
 * - detach: as leave; on POSIX the child process also gets a session of its own
 * - with-output KIND PROGRAM ARG...: the last verb; runs a program whose standard output is closed
 *   (KIND "closed"), a full pipe that nobody reads ("full") or a pipe without a reader ("broken",
 *   with SIGPIPE ignored), and prints its exit code and a newline
 * - forks N: starts N children, one after another, that ignore SIGTERM and sleep until killed
 *
 * Windows only:
 * - access: prints the access rights of the handles for standard output and error, in hexadecimal,
 *   on one line each
 *
 * POSIX only:
 * - dispositions: prints the numbers of the signals whose disposition is not the default, "/", and
 *   the numbers of the blocked signals
 * - signal N: kills itself with signal N; stop: stops itself with SIGSTOP
 * - hop: continues in a child process again and again, as leave does, until it is killed
 * - own-session: moves to a session of its own; the process must not lead a group
 * - become-root: becomes root altogether, which a setuid program of root's can
 * - become N: becomes the user N; needs root
 * - headless: prints "headless" and a newline, then sleeps in another thread until it is killed,
 *   after the first thread has exited
 * - on-usr1 N: exits with N when SIGUSR1 arrives
 */
#include "support/child_os.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(void)
{
    fputs("tether-test-child: unknown verb, or an argument is missing\n", stderr);
    return 99;
}

static long times = 1;

static void put_line(int stream, const char *text)
{
    for (; times > 0; times--) {
        child_write(stream, text, strlen(text));
        child_write(stream, "\n", 1);
    }
    times = 1;
}

static void put_bytes(int stream, const char *hex)
{
    for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
        const char digits[3] = {hex[0], hex[1], '\0'};
        const char byte = (char)strtoul(digits, NULL, 16);
        child_write(stream, &byte, 1);
    }
}

static void put_numbers(long last)
{
    char line[32];
    for (long i = 1; i <= last; i++) {
        int size = snprintf(line, sizeof line, "%ld\n", i);
        child_write(1, line, (size_t)size);
    }
}

static void put_blanks(uint64_t count)
{
    char block[4096];
    memset(block, ' ', sizeof block);
    while (count > 0) {
        size_t part = count < sizeof block ? (size_t)count : sizeof block;
        child_write(1, block, part);
        count -= part;
    }
}

/* Writes to standard output, and to standard error too if last_stream is 2. */
static void flood(uint64_t bytes, int last_stream)
{
    char block[65536];
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)('a' + i % 26);
    while (bytes > 0) {
        size_t part = bytes < sizeof block ? (size_t)bytes : sizeof block;
        for (int stream = 1; stream <= last_stream; stream++)
            child_write(stream, block, part);
        bytes -= part;
    }
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

static void copy_input(void)
{
    char block[4096];
    for (long got; (got = child_read(block, sizeof block)) > 0;)
        child_write(1, block, (size_t)got);
}

static void await(const char *path)
{
    while (!child_exists(path))
        child_nap(1);
}

/* The writes are volatile, so that no compiler leaves out the blocks. */
static void lose_memory(long blocks)
{
    for (long i = 0; i < blocks; i++) {
        volatile char *block = malloc(64);
        if (block != NULL)
            block[0] = 1;
    }
}

/* Runs a verb without an argument; returns false if there is no such verb. */
static bool do_plain(const char *verb, char **rest)
{
    if (strcmp(verb, "forever") == 0) {
        child_wait();
    } else if (strcmp(verb, "pid") == 0) {
        printf("%ld\n", child_pid());
        fflush(stdout);
    } else if (strcmp(verb, "fds") == 0) {
        child_show_inherited();
    } else if (strcmp(verb, "workdir") == 0) {
        put_line(1, child_workdir());
    } else if (strcmp(verb, "close-input") == 0) {
        child_close_input();
    } else if (strcmp(verb, "cat") == 0) {
        copy_input();
    } else if (strcmp(verb, "argv") == 0) {
        show_argv(rest);
        exit(0);
    } else if (strcmp(verb, "with-output") == 0 && rest[0] != NULL && rest[1] != NULL) {
        printf("%d\n", child_run_into(rest[0], rest + 1));
        exit(0);
    } else {
        return child_do_plain(verb, rest);
    }
    return true;
}

/* Runs a verb with one argument; returns false if there is no such verb. */
static bool do_with_argument(const char *verb, const char *argument)
{
    if (strcmp(verb, "exit") == 0) {
        exit((int)strtoll(argument, NULL, 10));
    } else if (strcmp(verb, "out") == 0) {
        put_line(1, argument);
    } else if (strcmp(verb, "err") == 0) {
        put_line(2, argument);
    } else if (strcmp(verb, "put") == 0) {
        child_write(1, argument, strlen(argument));
    } else if (strcmp(verb, "bytes") == 0) {
        put_bytes(1, argument);
    } else if (strcmp(verb, "times") == 0) {
        times = atol(argument);
    } else if (strcmp(verb, "count") == 0) {
        put_numbers(atol(argument));
    } else if (strcmp(verb, "env") == 0) {
        put_line(1, child_variable(argument) != NULL ? child_variable(argument) : "");
    } else if (strcmp(verb, "flood") == 0) {
        flood(strtoull(argument, NULL, 10), 1);
    } else if (strcmp(verb, "floods") == 0) {
        flood(strtoull(argument, NULL, 10), 2);
    } else if (strcmp(verb, "blanks") == 0) {
        put_blanks(strtoull(argument, NULL, 10));
    } else if (strcmp(verb, "err-bytes") == 0) {
        put_bytes(2, argument);
    } else if (strcmp(verb, "sleep") == 0) {
        child_nap(atol(argument));
    } else if (strcmp(verb, "await") == 0) {
        await(argument);
    } else if (strcmp(verb, "lose") == 0) {
        lose_memory(atol(argument));
    } else if (strcmp(verb, "append") == 0) {
        child_append(argument, "x\n", 2);
    } else {
        return child_do_with_argument(verb, argument);
    }
    return true;
}

int main(int argc, char **argv)
{
    argv = child_arguments(argc, argv);
    for (char **verb = argv + 1; *verb != NULL; verb++) {
        if (do_plain(*verb, verb + 1))
            continue;
        if (verb[1] == NULL || !do_with_argument(verb[0], verb[1]))
            return usage();
        verb++;
    }
    return 0;
}
