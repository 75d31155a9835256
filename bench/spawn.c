/* Compares tether_spawn with posix_spawn, fork and exec, uv_spawn, apr_proc_create and the floor
 * (floor.h): how long a start takes, and how long it takes from the start of a command that ends at
 * once until its end is known. Then the same for texts of a shell, with the pattern that many tools
 * use: a wrapper that renames a marker, and a poll.
 *
 *   tether-bench-spawn [--json] [DIRECTORY [ROUNDS [HEAP_MIB...]]]
 *
 * Measures in hosts with each amount of memory, 0 and 1024 MiB if none is given. The result depends
 * on the file system of DIRECTORY: on a disk the files of a task cost more than its process. */
#include <limits.h>
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
#include "tether.h"

extern char **environ;

enum { ROUNDS = 300, POLLED_ROUNDS = 20 };

static tether_registry *registry;
static char marker[PATH_MAX + 16];
static char program[] = "/bin/true";
static char *direct[] = {program, NULL};
static char shell[] = "/bin/sh", option[] = "-c", text[] = "true";
static char *by_shell[] = {shell, option, text, NULL};

/* --- Starts that keep nothing --- */

static pid_t spawn(char *const argv[])
{
    pid_t pid;
    if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) != 0)
        bench_fail("posix_spawn failed");
    return pid;
}

static void by_posix_spawn(double ms[])
{
    double start = bench_now_ms();
    pid_t pid = spawn(direct);
    ms[0] = bench_now_ms() - start;
    waitpid(pid, NULL, 0);
    ms[1] = bench_now_ms() - start;
}

static void by_fork(double ms[])
{
    double start = bench_now_ms();
    pid_t pid = fork();
    if (pid == 0) {
        execv(program, direct);
        _exit(127);
    }
    ms[0] = bench_now_ms() - start;
    waitpid(pid, NULL, 0);
    ms[1] = bench_now_ms() - start;
}

static void on_exit_of(uv_process_t *process, int64_t code, int signal)
{
    (void)code;
    (void)signal;
    uv_close((uv_handle_t *)process, NULL);
}

static void by_uv_spawn(double ms[])
{
    uv_process_t process;
    uv_process_options_t options = {.file = program, .args = direct, .exit_cb = on_exit_of};
    double start = bench_now_ms();
    if (uv_spawn(uv_default_loop(), &process, &options) != 0)
        bench_fail("uv_spawn failed");
    ms[0] = bench_now_ms() - start;
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    ms[1] = bench_now_ms() - start;
}

#ifdef BENCH_APR
static void by_apr(double ms[])
{
    apr_pool_t *pool;
    apr_procattr_t *attributes;
    apr_proc_t process;
    const char *const argv[] = {program, NULL};
    apr_pool_create(&pool, NULL);
    double start = bench_now_ms();
    apr_procattr_create(&attributes, pool);
    if (apr_proc_create(&process, program, argv, NULL, attributes, pool) != APR_SUCCESS)
        bench_fail("apr_proc_create failed");
    ms[0] = bench_now_ms() - start;
    apr_proc_wait(&process, NULL, NULL, APR_WAIT);
    ms[1] = bench_now_ms() - start;
    apr_pool_destroy(pool);
}
#endif

/* --- Starts that keep the end --- */

static void by_tether(const tether_spec *spec, double ms[])
{
    char id[TETHER_ID_SIZE];
    const char *ids[] = {id};
    tether_error error = {0};
    double start = bench_now_ms();
    if (tether_spawn(registry, spec, id, &error) != TETHER_OK)
        bench_fail(error.message);
    ms[0] = bench_now_ms() - start;
    if (tether_wait(registry, ids, 1, TETHER_WAIT_ALL, -1, NULL, &error) != TETHER_OK)
        bench_fail(error.message);
    ms[1] = bench_now_ms() - start;
}

static void by_tether_direct(double ms[])
{
    const char *const argv[] = {program, NULL};
    const tether_spec spec = {.argv = argv, .no_notify = true};
    by_tether(&spec, ms);
}

static void by_floor_of(char *const argv[], double ms[])
{
    double start = bench_now_ms();
    floor_start(argv);
    ms[0] = bench_now_ms() - start;
    floor_wait();
    ms[1] = bench_now_ms() - start;
}

static void by_floor(double ms[])
{
    by_floor_of(direct, ms);
}

/* --- Texts of a shell --- */

static void by_bare_shell(double ms[])
{
    double start = bench_now_ms();
    waitpid(spawn(by_shell), NULL, 0);
    ms[0] = bench_now_ms() - start;
}

static void by_floor_shell(double ms[])
{
    double both[BENCH_METRICS];
    by_floor_of(by_shell, both);
    ms[0] = both[1];
}

static void by_tether_shell(double ms[])
{
    double both[BENCH_METRICS];
    const tether_spec spec = {.command = text, .shell = "sh", .no_notify = true};
    by_tether(&spec, both);
    ms[0] = both[1];
}

static void by_poll(unsigned interval_ms, double ms[])
{
    char script[4 * PATH_MAX], bash[] = "/bin/bash";
    char *const argv[] = {bash, option, script, NULL};
    struct stat st;
    snprintf(script, sizeof script, "sh -c true; echo $? >'%s.tmp'; mv '%s.tmp' '%s'", marker,
             marker, marker);
    double start = bench_now_ms();
    pid_t pid = spawn(argv);
    while (stat(marker, &st) != 0)
        usleep(interval_ms * 1000);
    ms[0] = bench_now_ms() - start;
    waitpid(pid, NULL, 0);
    unlink(marker);
}

static void by_poll_100(double ms[])
{
    by_poll(100, ms);
}

static void by_poll_500(double ms[])
{
    by_poll(500, ms);
}

/* --- The measurement --- */

static const bench_contender starts[] = {
    {"posix_spawn", by_posix_spawn},
    {"fork+exec", by_fork},
    {"uv_spawn", by_uv_spawn},
#ifdef BENCH_APR
    {"apr_proc_create", by_apr},
#endif
    {"floor", by_floor},
    {"tether", by_tether_direct},
};
static const bench_contender texts[] = {
    {"sh -c true", by_bare_shell}, {"floor", by_floor_shell}, {"tether", by_tether_shell}};
static const bench_contender polls[] = {{"sh -c true", by_bare_shell},
                                        {"tether", by_tether_shell},
                                        {"poll 100 ms", by_poll_100},
                                        {"poll 500 ms", by_poll_500}};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void measure_host(int rounds, size_t heap_mib, bool json)
{
    char title[64], title_of_texts[64];
    char *memory = malloc((heap_mib << 20) + 1);
    if (memory == NULL)
        bench_fail("no memory for the host's heap");
    memset(memory, 1, heap_mib << 20);
    snprintf(title, sizeof title, "start, host with %zu MiB", heap_mib);
    snprintf(title_of_texts, sizeof title_of_texts, "text, host with %zu MiB", heap_mib);
    bench_run(
        &(bench_plan){title, {"start", "start to told"}, starts, COUNT(starts), rounds, json});
    bench_run(&(bench_plan){title_of_texts, {"start to told"}, texts, COUNT(texts), rounds, json});
    free(memory);
}

static void open_all(const char *path, const char *self)
{
    tether_error error = {0};
    char store[PATH_MAX + 16], floor[PATH_MAX + 16], supervisor[PATH_MAX + 32];
    const char *slash = strrchr(self, '/');
    mkdir(path, 0700);
    snprintf(store, sizeof store, "%s/store", path);
    snprintf(floor, sizeof floor, "%s/floor", path);
    snprintf(marker, sizeof marker, "%s/marker", path);
    snprintf(supervisor, sizeof supervisor, "%.*s/tether-bench-floor-supervisor",
             slash != NULL ? (int)(slash - self) : 1, slash != NULL ? self : ".");
    if (mkdir(floor, 0700) != 0)
        bench_fail("DIRECTORY has been used before, or cannot be written to");
    floor_open(floor, supervisor);
    const tether_open_options options = {.store = store, .session = "bench"};
    if (tether_open(&options, &registry, &error) != TETHER_OK)
        bench_fail(error.message);
#ifdef BENCH_APR
    apr_initialize();
#endif
}

int main(int argc, char **argv)
{
    static char temporary[] = "/tmp/tether-bench-XXXXXX";
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    char **words = argv + 1 + json;
    int count = argc - 1 - json, rounds = count > 1 ? atoi(words[1]) : ROUNDS;
    const char *path = count > 0 ? words[0] : mkdtemp(temporary);
    if (rounds < 1 || path == NULL)
        bench_fail("usage: tether-bench-spawn [--json] [DIRECTORY [ROUNDS [HEAP_MIB...]]]");
    open_all(path, argv[0]);
    measure_host(rounds, count > 2 ? (size_t)atol(words[2]) : 0, json);
    for (int i = 3; i < count; i++)
        measure_host(rounds, (size_t)atol(words[i]), json);
    if (count <= 2)
        measure_host(rounds, 1024, json);
    bench_run(&(bench_plan){
        "common pattern", {"start to told"}, polls, COUNT(polls), POLLED_ROUNDS, json});
    const tether_gc_options gc = {.older_than_ms = -1};
    tether_gc(registry, &gc, NULL, NULL);
    return tether_close(registry, TETHER_DETACH, NULL);
}
