/* Compares how long the command takes to start a task with others that start one: nq, tsp (task
 * spooler) and setsid, as far as they are installed.
 *
 *   tether-bench-command [--json] TETHER DIRECTORY [ROUNDS]
 *
 * TETHER is the command's path. All keep their files in DIRECTORY, which must be new. */
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

extern char **environ;

enum { ROUNDS = 200 };

static char *tether;

/* Runs a program of the PATH with the null device as its output, and returns its exit code. */
static int run(char *const argv[])
{
    pid_t pid;
    int status;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0)
        return 127;
    posix_spawn_file_actions_destroy(&actions);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void time_run(char *const argv[], double ms[])
{
    double start = bench_now_ms();
    if (run(argv) != 0)
        bench_fail("a command failed");
    ms[0] = bench_now_ms() - start;
}

#define WORDS(...)                                                                                 \
    (char *[])                                                                                     \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static void by_setsid(double ms[])
{
    time_run(WORDS("setsid", "--fork", "true"), ms);
}

static void by_nq(double ms[])
{
    time_run(WORDS("nq", "-q", "true"), ms);
}

static void by_tsp(double ms[])
{
    time_run(WORDS("tsp", "true"), ms);
}

static void by_tether(double ms[])
{
    time_run(WORDS(tether, "run", "--", "true"), ms);
}

static void add(bench_contender *list, size_t *count, const char *name, bench_turn *turn,
                char *const probe[])
{
    if (run(probe) != 127)
        list[(*count)++] = (bench_contender){name, turn};
    else
        fprintf(stderr, "bench: %s is not installed\n", name);
}

/* Sets where each program keeps its files. */
static void choose_places(const char *directory)
{
    char path[PATH_MAX + 16];
    if (mkdir(directory, 0700) != 0)
        bench_fail("DIRECTORY must be new");
    snprintf(path, sizeof path, "%s/store", directory);
    setenv("TETHER_STORE", path, 1);
    snprintf(path, sizeof path, "%s/nq", directory);
    mkdir(path, 0700);
    setenv("NQDIR", path, 1);
    setenv("TMPDIR", directory, 1);
    snprintf(path, sizeof path, "%s/tsp", directory);
    setenv("TS_SOCKET", path, 1);
}

int main(int argc, char **argv)
{
    bench_contender list[4];
    size_t count = 0;
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    if (argc - json < 3)
        bench_fail("usage: tether-bench-command [--json] TETHER DIRECTORY [ROUNDS]");
    int rounds = argc - json > 3 ? atoi(argv[3 + json]) : ROUNDS;
    tether = argv[1 + json];
    choose_places(argv[2 + json]);
    add(list, &count, "setsid --fork", by_setsid, WORDS("setsid", "--version"));
    add(list, &count, "nq", by_nq, WORDS("nq", "-q", "true"));
    add(list, &count, "tsp", by_tsp, WORDS("tsp", "-V"));
    add(list, &count, "tether run", by_tether, WORDS(tether, "--version"));
    bench_run(&(bench_plan){"command", {"start"}, list, count, rounds, json});
    run(WORDS("tsp", "-K"));
    return 0;
}
