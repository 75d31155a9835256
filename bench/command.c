/* Compares how long the command takes to start a task with others that start one: nq, tsp (task
 * spooler) and setsid, as far as they are installed.
 *
 *   tether-bench-command [--json] DIRECTORY [ROUNDS]
 *
 * Uses the command beside this program. All keep their files in DIRECTORY. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

extern char **environ;

enum { ROUNDS = 200, LIMIT_MS = 20000 };

static char tether[BENCH_PATH_SIZE];
static char *const by_setsid[] = {"setsid", "--fork", "true", NULL};
static char *const by_nq[] = {"nq", "-q", "true", NULL};
static char *const by_tsp[] = {"tsp", "true", NULL};
static char *const by_tether[] = {tether, "run", "--", "true", NULL};

/* Runs a program of the PATH with the null device as its output, and returns its exit code. */
static int run(char *const argv[])
{
    pid_t pid;
    int status;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    int failed = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        return 127;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void time_run(const void *argv, double ms[])
{
    double begin = bench_now_ms();
    if (run((char *const *)argv) != 0)
        bench_fail("a command failed");
    ms[0] = bench_now_ms() - begin;
}

static void add(bench_contender *list, size_t *count, const char *name, char *const argv[])
{
    if (run(argv) != 127)
        list[(*count)++] = (bench_contender){name, time_run, argv};
    else
        fprintf(stderr, "bench: %s is not installed\n", name);
}

/* Sets where each program keeps its files. */
static void choose_places(void)
{
    char path[BENCH_PATH_SIZE];
    setenv("TETHER_STORE", bench_path(path, "store"), 1);
    mkdir(bench_path(path, "nq"), 0700);
    setenv("NQDIR", path, 1);
    setenv("TMPDIR", bench_path(path, "."), 1);
    setenv("TS_SOCKET", bench_path(path, "tsp"), 1);
}

int main(int argc, char **argv)
{
    (void)argc;
    bench_contender list[4];
    size_t count = 0;
    char **words = bench_begin(argv, "[ROUNDS]");
    int rounds = (int)bench_number(&words, ROUNDS);
    bench_program(tether, "tether");
    choose_places();
    add(list, &count, "setsid --fork", by_setsid);
    add(list, &count, "nq", by_nq);
    add(list, &count, "tsp", by_tsp);
    add(list, &count, "tether run", by_tether);
    bench_run(&(bench_plan){{"command", NULL, 0}, {"start"}, list, count, rounds, LIMIT_MS});
    run((char *const[]){"tsp", "-K", NULL});
    return 0;
}
