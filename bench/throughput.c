/* Compares how long many commands that end at once take, with several of them in flight: a loop of
 * posix_spawn and waitpid, xargs -P, the floor (floor.h), and tether_spawn with tether_wait.
 *
 *   tether-bench-throughput [--json] DIRECTORY [ROUNDS [TASKS [IN_FLIGHT...]]]
 *
 * In each round every contender runs TASKS commands. The times are those of one command. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "floor.h"
#include "measure.h"
#include "store.h"

extern char **environ;

enum { ROUNDS = 11, TASKS = 256, LIMIT_MS = 12000, MOST_IN_FLIGHT = 1024 };

static tether_registry *registry;
static long tasks, in_flight;

/* Waits for the command that was started in_flight commands ago, then starts the next one. */
static void by_loop(const void *data, double ms[])
{
    (void)data;
    static char program[] = "/bin/true";
    char *const argv[] = {program, NULL};
    pid_t pids[MOST_IN_FLIGHT];
    double begin = bench_now_ms();
    for (long i = 0; i < tasks + in_flight; i++) {
        if (i >= in_flight && i - in_flight < tasks)
            waitpid(pids[i % in_flight], NULL, 0);
        if (i < tasks && posix_spawn(&pids[i % in_flight], program, NULL, NULL, argv, environ) != 0)
            bench_fail("posix_spawn failed");
    }
    ms[0] = (bench_now_ms() - begin) / (double)tasks;
}

static void by_xargs(const void *data, double ms[])
{
    (void)data;
    char line[128];
    snprintf(line, sizeof line, "seq %ld | xargs -n 1 -P %ld /bin/true", tasks, in_flight);
    double begin = bench_now_ms();
    if (system(line) != 0)
        bench_fail("xargs failed");
    ms[0] = (bench_now_ms() - begin) / (double)tasks;
}

/* The same order as by_loop. */
static void by_floor(const void *data, double ms[])
{
    (void)data;
    static char program[] = "/bin/true";
    char *const argv[] = {program, NULL};
    long numbers[MOST_IN_FLIGHT];
    double begin = bench_now_ms();
    for (long i = 0; i < tasks + in_flight; i++) {
        if (i >= in_flight && i - in_flight < tasks)
            floor_wait(numbers[i % in_flight]);
        if (i < tasks)
            numbers[i % in_flight] = floor_start(argv);
    }
    ms[0] = (bench_now_ms() - begin) / (double)tasks;
}

/* The same order as by_loop. */
static void by_tether(const void *data, double ms[])
{
    (void)data;
    static const char *const argv[] = {"/bin/true", NULL};
    char ids[MOST_IN_FLIGHT][TETHER_ID_SIZE];
    double begin = bench_now_ms();
    for (long i = 0; i < tasks + in_flight; i++) {
        if (i >= in_flight && i - in_flight < tasks)
            bench_wait(registry, ids[i % in_flight]);
        if (i < tasks)
            bench_spawn(registry, argv, false, ids[i % in_flight]);
    }
    ms[0] = (bench_now_ms() - begin) / (double)tasks;
}

static const bench_contender contenders[] = {{"loop", by_loop, NULL},
                                             {"xargs -P", by_xargs, NULL},
                                             {"floor", by_floor, NULL},
                                             {"tether", by_tether, NULL}};

static void measure(int rounds, long number)
{
    if (number < 1 || number > MOST_IN_FLIGHT)
        bench_fail("IN_FLIGHT is from 1 to 1024");
    in_flight = number;
    bench_run(&(bench_plan){{"throughput", "in_flight", number},
                            {"per command"},
                            contenders,
                            sizeof contenders / sizeof contenders[0],
                            rounds,
                            LIMIT_MS});
}

int main(int argc, char **argv)
{
    (void)argc;
    static const long numbers[] = {1, 8, 64};
    char **words = bench_begin(argv, "[ROUNDS [TASKS [IN_FLIGHT...]]]");
    int rounds = (int)bench_number(&words, ROUNDS);
    tasks = bench_number(&words, TASKS);
    char directory[BENCH_PATH_SIZE], supervisor[BENCH_PATH_SIZE];
    if (mkdir(bench_path(directory, "floor"), 0700) != 0)
        bench_fail("cannot create a directory");
    floor_open(directory, bench_program(supervisor, "tether-bench-floor-supervisor"));
    registry = bench_open("bench");
    if (*words == NULL) {
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
            measure(rounds, numbers[i]);
    }
    while (*words != NULL)
        measure(rounds, bench_number(&words, 0));
    return tether_close(registry, TETHER_DETACH, NULL);
}
