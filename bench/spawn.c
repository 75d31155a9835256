/* Compares tether_spawn with posix_spawn, fork and exec, uv_spawn, apr_proc_create and the floor
 * (floor.h): how long a start takes, and how long it takes from the start of a command that ends at
 * once until its end is known. Then the same for texts of a shell, with the pattern that many tools
 * use: a wrapper that renames a marker, and a poll.
 *
 *   tether-bench-spawn [--json] DIRECTORY [ROUNDS [MEMORY_MIB...]]
 *
 * Measures in a host with each amount of touched memory, by default 0, 1024 and 4096 MiB. The
 * result depends on the file system of DIRECTORY: on a disk the files of a task cost more than its
 * process. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>
#ifdef BENCH_APR
#include <apr_general.h>
#include <apr_thread_proc.h>
#endif

#include "floor.h"
#include "measure.h"
#include "store.h"

extern char **environ;

enum { ROUNDS = 200, POLLED_ROUNDS = 15, LIMIT_MS = 12000, PAGE = 4096 };

static tether_registry *registry;
static char program[] = "/bin/true", shell[] = "/bin/sh", option[] = "-c", text[] = "true";
static char *const direct[] = {program, NULL};
static char *const by_shell[] = {shell, option, text, NULL};
static const char *const direct_argv[] = {"/bin/true", NULL};
static const tether_spec direct_spec = {.argv = direct_argv, .no_notify = true};
static const tether_spec shell_spec = {.command = "true", .shell = "sh", .no_notify = true};
static const unsigned interval_100 = 100, interval_500 = 500;

/* --- Starts that keep nothing --- */

static pid_t start(char *const argv[])
{
    pid_t pid;
    if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) != 0)
        bench_fail("posix_spawn failed");
    return pid;
}

static void by_posix_spawn(const void *argv, double ms[])
{
    double begin = bench_now_ms();
    pid_t pid = start((char *const *)argv);
    ms[0] = bench_now_ms() - begin;
    waitpid(pid, NULL, 0);
    ms[1] = bench_now_ms() - begin;
}

static void by_fork(const void *argv, double ms[])
{
    double begin = bench_now_ms();
    pid_t pid = fork();
    if (pid == 0) {
        execv(program, (char *const *)argv);
        _exit(127);
    }
    ms[0] = bench_now_ms() - begin;
    waitpid(pid, NULL, 0);
    ms[1] = bench_now_ms() - begin;
}

static void on_exit_of(uv_process_t *process, int64_t code, int signal)
{
    (void)code;
    (void)signal;
    uv_close((uv_handle_t *)process, NULL);
}

static void by_uv_spawn(const void *argv, double ms[])
{
    uv_process_t process;
    uv_process_options_t options = {
        .file = program, .args = (char **)(size_t)argv, .exit_cb = on_exit_of};
    double begin = bench_now_ms();
    if (uv_spawn(uv_default_loop(), &process, &options) != 0)
        bench_fail("uv_spawn failed");
    ms[0] = bench_now_ms() - begin;
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    ms[1] = bench_now_ms() - begin;
}

#ifdef BENCH_APR
static void by_apr(const void *argv, double ms[])
{
    apr_pool_t *pool;
    apr_procattr_t *attributes;
    apr_proc_t process;
    apr_pool_create(&pool, NULL);
    double begin = bench_now_ms();
    apr_procattr_create(&attributes, pool);
    if (apr_proc_create(&process, program, argv, NULL, attributes, pool) != APR_SUCCESS)
        bench_fail("apr_proc_create failed");
    ms[0] = bench_now_ms() - begin;
    apr_proc_wait(&process, NULL, NULL, APR_WAIT);
    ms[1] = bench_now_ms() - begin;
    apr_pool_destroy(pool);
}
#endif

/* --- Starts that keep the end --- */

static void by_tether(const void *spec, double ms[])
{
    char id[TETHER_ID_SIZE];
    tether_error error = {0};
    double begin = bench_now_ms();
    bench_check(tether_spawn(registry, spec, id, &error), &error);
    ms[0] = bench_now_ms() - begin;
    bench_wait(registry, id);
    ms[1] = bench_now_ms() - begin;
}

static void by_floor(const void *argv, double ms[])
{
    double begin = bench_now_ms();
    long number = floor_start((char *const *)argv);
    ms[0] = bench_now_ms() - begin;
    floor_wait(number);
    ms[1] = bench_now_ms() - begin;
}

static void by_poll(const void *interval_ms, double ms[])
{
    char marker[BENCH_PATH_SIZE], script[4 * BENCH_PATH_SIZE], bash[] = "/bin/bash";
    char *const argv[] = {bash, option, script, NULL};
    struct stat st;
    bench_path(marker, "marker");
    snprintf(script, sizeof script, "sh -c true; echo $? >'%s.tmp'; mv '%s.tmp' '%s'", marker,
             marker, marker);
    double begin = bench_now_ms();
    pid_t pid = start(argv);
    ms[0] = bench_now_ms() - begin;
    while (stat(marker, &st) != 0)
        usleep(*(const unsigned *)interval_ms * 1000);
    ms[1] = bench_now_ms() - begin;
    waitpid(pid, NULL, 0);
    unlink(marker);
}

/* --- The measurement --- */

static const bench_contender starts[] = {
    {"posix_spawn", by_posix_spawn, direct},
    {"fork+exec", by_fork, direct},
    {"uv_spawn", by_uv_spawn, direct},
#ifdef BENCH_APR
    {"apr_proc_create", by_apr, direct},
#endif
    {"floor", by_floor, direct},
    {"tether", by_tether, &direct_spec},
};
static const bench_contender texts[] = {{"sh -c true", by_posix_spawn, by_shell},
                                        {"floor", by_floor, by_shell},
                                        {"tether", by_tether, &shell_spec}};
static const bench_contender polls[] = {{"sh -c true", by_posix_spawn, by_shell},
                                        {"tether", by_tether, &shell_spec},
                                        {"poll 100 ms", by_poll, &interval_100},
                                        {"poll 500 ms", by_poll, &interval_500}};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define BOTH                                                                                       \
    {                                                                                              \
        "start", "told"                                                                            \
    }

static void measure_host(int rounds, long memory_mib)
{
    size_t size = (size_t)memory_mib << 20;
    char *memory = malloc(size + 1);
    if (memory == NULL)
        bench_fail("no memory for the host");
    for (size_t i = 0; i < size; i += PAGE)
        memory[i] = 1;
    const bench_subject start_in = {"start", "memory_mib", memory_mib};
    const bench_subject text_in = {"text", "memory_mib", memory_mib};
    bench_run(&(bench_plan){start_in, BOTH, starts, COUNT(starts), rounds, LIMIT_MS});
    bench_run(&(bench_plan){text_in, BOTH, texts, COUNT(texts), rounds, LIMIT_MS});
    free(memory);
}

static void open_all(void)
{
    char directory[BENCH_PATH_SIZE], supervisor[BENCH_PATH_SIZE];
    if (mkdir(bench_path(directory, "floor"), 0700) != 0)
        bench_fail("cannot create a directory");
    floor_open(directory, bench_program(supervisor, "tether-bench-floor-supervisor"));
    registry = bench_open("bench");
#ifdef BENCH_APR
    apr_initialize();
#endif
}

int main(int argc, char **argv)
{
    (void)argc;
    static const long memory_mib[] = {0, 1024, 4096};
    char **words = bench_begin(argv, "[ROUNDS [MEMORY_MIB...]]");
    int rounds = (int)bench_number(&words, ROUNDS);
    open_all();
    if (*words == NULL) {
        for (size_t i = 0; i < COUNT(memory_mib); i++)
            measure_host(rounds, memory_mib[i]);
    }
    while (*words != NULL)
        measure_host(rounds, bench_number(&words, 0));
    const int polled_rounds = rounds < POLLED_ROUNDS ? rounds : POLLED_ROUNDS;
    bench_run(&(bench_plan){{"pattern", NULL, 0}, BOTH, polls, COUNT(polls), polled_rounds, 0});
    return tether_close(registry, TETHER_DETACH, NULL);
}
