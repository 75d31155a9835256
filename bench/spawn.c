/* Compares tether_spawn with posix_spawn, fork and exec, and libuv's uv_spawn, in a small host and
 * in one with a large heap: how long a start takes, and how long it takes from the start of a
 * command that ends at once until its end is known.
 *
 *   tether-bench-spawn [STORE] [ROUNDS] [HEAP_MIB]
 *
 * Prints the median of each, and its ratio to posix_spawn in the same host. The result depends on
 * STORE: on a disk the files of a task cost more than its process. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "tether.h"

extern char **environ;

enum { ROUNDS = 200, HEAP_MIB = 1024 };

/* Starts `true` in one way and waits for its end. Returns how long the start took, and in *whole
 * how long it took until the end was known. Both in milliseconds. */
typedef double (*contender)(double *whole);

static tether_registry *registry;
static char program[] = "/bin/true";
static char *arguments[] = {program, NULL};

static double now_ms(void)
{
    return (double)uv_hrtime() / 1e6;
}

static void give_up(const char *what)
{
    fprintf(stderr, "tether-bench-spawn: %s\n", what);
    exit(1);
}

static double run_posix_spawn(double *whole)
{
    pid_t pid;
    double start = now_ms();
    if (posix_spawn(&pid, program, NULL, NULL, arguments, environ) != 0)
        give_up("posix_spawn failed");
    double started = now_ms();
    waitpid(pid, NULL, 0);
    *whole = now_ms() - start;
    return started - start;
}

static double run_fork(double *whole)
{
    double start = now_ms();
    pid_t pid = fork();
    if (pid == 0) {
        execv(program, arguments);
        _exit(127);
    }
    double started = now_ms();
    waitpid(pid, NULL, 0);
    *whole = now_ms() - start;
    return started - start;
}

static void on_exit_of(uv_process_t *process, int64_t code, int signal)
{
    (void)code;
    (void)signal;
    uv_close((uv_handle_t *)process, NULL);
}

static double run_uv_spawn(double *whole)
{
    uv_process_t process;
    uv_process_options_t options = {.file = program, .args = arguments, .exit_cb = on_exit_of};
    double start = now_ms();
    if (uv_spawn(uv_default_loop(), &process, &options) != 0)
        give_up("uv_spawn failed");
    double started = now_ms();
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    *whole = now_ms() - start;
    return started - start;
}

static double run_tether(double *whole)
{
    char id[TETHER_ID_SIZE];
    const char *const argv[] = {program, NULL};
    tether_spec spec = {.argv = argv, .no_notify = true};
    tether_error error = {0};
    double start = now_ms();
    if (tether_spawn(registry, &spec, id, &error) != TETHER_OK)
        give_up(error.message);
    double started = now_ms();
    const char *ids[] = {id};
    if (tether_wait(registry, ids, 1, TETHER_WAIT_ALL, -1, NULL, &error) != TETHER_OK)
        give_up(error.message);
    *whole = now_ms() - start;
    return started - start;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const char *name, contender run, int rounds, double base[2])
{
    double *starts = calloc((size_t)rounds, sizeof *starts);
    double *wholes = calloc((size_t)rounds, sizeof *wholes);
    if (starts == NULL || wholes == NULL)
        give_up("out of memory");
    for (int i = 0; i < rounds; i++)
        starts[i] = run(&wholes[i]);
    qsort(starts, (size_t)rounds, sizeof *starts, by_value);
    qsort(wholes, (size_t)rounds, sizeof *wholes, by_value);
    double median[2] = {starts[rounds / 2], wholes[rounds / 2]};
    for (int i = 0; i < 2; i++)
        base[i] = base[i] > 0 ? base[i] : median[i];
    printf("  %-12s start %8.3f ms (%6.1f x)   start to end known %8.3f ms (%5.1f x)\n", name,
           median[0], median[0] / base[0], median[1], median[1] / base[1]);
    free(starts);
    free(wholes);
}

static void measure_all(const char *host, int rounds)
{
    double base[2] = {0, 0};
    printf("%s, median of %d:\n", host, rounds);
    measure("posix_spawn", run_posix_spawn, rounds, base);
    measure("tether", run_tether, rounds, base);
    measure("fork", run_fork, rounds, base);
    measure("uv_spawn", run_uv_spawn, rounds, base);
}

int main(int argc, char **argv)
{
    tether_error error = {0};
    tether_open_options options = {.store = argc > 1 ? argv[1] : NULL, .session = "bench"};
    int rounds = argc > 2 ? atoi(argv[2]) : ROUNDS;
    size_t heap = argc > 3 ? (size_t)atol(argv[3]) : HEAP_MIB;
    if (rounds < 1)
        give_up("ROUNDS is a positive number");
    if (tether_open(&options, &registry, &error) != TETHER_OK)
        give_up(error.message);
    measure_all("small host", rounds);

    char *memory = malloc(heap << 20);
    if (memory == NULL)
        give_up("no memory for the large heap");
    memset(memory, 1, heap << 20);
    char name[64];
    snprintf(name, sizeof name, "host with %zu MiB", heap);
    measure_all(name, rounds);
    free(memory);
    tether_gc_options gc = {.older_than_ms = -1};
    tether_gc(registry, &gc, NULL, NULL);
    return tether_close(registry, TETHER_DETACH, NULL);
}
