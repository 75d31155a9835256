/* Measures what the calls of a registry cost in a session of many tasks: ended with pending
 * completions, ended and acknowledged, and running.
 *
 *   tether-bench-many STORE [TASKS] [RUNNING]
 *
 * STORE is a new directory. Prints the processor time of this process and the elapsed time, each
 * the median of several calls, and the processor time per task for calls that cover all tasks. The
 * time per task should not grow with their number: compare 1000 and 10000 tasks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

#include "tether.h"

enum { TASKS = 10000, RUNNING = 1000, ROUNDS = 9, AHEAD = 64, LEASED = 16 };

static tether_registry *registry;
static const char *store;
static size_t tasks;

typedef struct times {
    double cpu; /* ms of this process, all threads */
    double wall;
} times;

static times now(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
    return (times){cpu, (double)uv_hrtime() / 1e6};
}

static void check(int code, const tether_error *error)
{
    if (code == TETHER_OK)
        return;
    fprintf(stderr, "tether-bench-many: %s\n", error->message);
    exit(1);
}

/* --- Calls to measure --- */

static void open_store(void)
{
    tether_error error = {0};
    tether_open_options options = {.store = store, .session = "bench", .no_gc = 1};
    check(tether_open(&options, &registry, &error), &error);
}

static void close_store(void)
{
    tether_error error = {0};
    check(tether_close(registry, TETHER_DETACH, &error), &error);
}

static void reopen(void)
{
    close_store();
    open_store();
}

static void peek(void)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    check(tether_completions_peek(registry, NULL, &list, &error), &error);
    tether_snapshot_list_free(list);
}

static void peek_first(void)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    tether_completion_options options = {.limit = 1};
    check(tether_completions_peek(registry, &options, &list, &error), &error);
    tether_snapshot_list_free(list);
}

static void lease_and_release(void)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    tether_completion_options options = {.limit = LEASED};
    check(tether_completions_lease(registry, &options, &list, &error), &error);
    for (size_t i = 0; i < list->count; i++)
        check(tether_completion_release(registry, list->items[i]->task_id, &error), &error);
    tether_snapshot_list_free(list);
}

static void wait_for_completion(void)
{
    tether_error error = {0};
    int code = tether_completions_wait(registry, NULL, 0, &error);
    check(code == TETHER_ETIMEDOUT ? TETHER_OK : code, &error);
}

static void list_in(tether_list_scope scope)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    check(tether_list(registry, scope, &list, &error), &error);
    tether_snapshot_list_free(list);
}

static void list_running(void)
{
    list_in(TETHER_LIST_RUNNING);
}

static void list_all(void)
{
    list_in(TETHER_LIST_ALL);
}

static void start(const char *const *argv, bool no_notify, char id[TETHER_ID_SIZE])
{
    tether_error error = {0};
    tether_spec spec = {.argv = argv, .no_notify = no_notify};
    check(tether_spawn(registry, &spec, id, &error), &error);
}

static void run_limited(void)
{
    tether_error error = {0};
    char id[TETHER_ID_SIZE];
    const char *ids[] = {id};
    const char *const argv[] = {"/bin/true", NULL};
    tether_spec spec = {.argv = argv, .no_notify = true, .max_running = 1000000};
    check(tether_spawn(registry, &spec, id, &error), &error);
    check(tether_wait(registry, ids, 1, TETHER_WAIT_ALL, -1, NULL, &error), &error);
}

static void run_one(void)
{
    tether_error error = {0};
    char id[TETHER_ID_SIZE];
    const char *ids[] = {id};
    const char *const argv[] = {"/bin/true", NULL};
    start(argv, true, id);
    check(tether_wait(registry, ids, 1, TETHER_WAIT_ALL, -1, NULL, &error), &error);
}

/* --- Measurements --- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void show(const char *name, times spent, size_t per)
{
    printf("  %-34s cpu %10.3f ms  elapsed %10.3f ms", name, spent.cpu, spent.wall);
    if (per > 0)
        printf("   per task %8.2f us", spent.cpu * 1e3 / (double)per);
    printf("\n");
    fflush(stdout);
}

static void measure(const char *name, void (*call)(void), size_t per)
{
    double cpu[ROUNDS], wall[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        times begin = now();
        call();
        times end = now();
        cpu[i] = end.cpu - begin.cpu;
        wall[i] = end.wall - begin.wall;
    }
    qsort(cpu, ROUNDS, sizeof cpu[0], by_value);
    qsort(wall, ROUNDS, sizeof wall[0], by_value);
    show(name, (times){cpu[ROUNDS / 2], wall[ROUNDS / 2]}, per);
}

static void measure_session(const char *name, size_t count)
{
    printf("%s:\n", name);
    measure("close and open", reopen, count);
    measure("peek at all", peek, count);
    measure("peek at the first", peek_first, count);
    measure("lease 16 and release them", lease_and_release, count);
    measure("check for a completion", wait_for_completion, count);
    measure("list running", list_running, count);
    measure("list all", list_all, count);
    measure("start one and wait for its end", run_one, 0);
    measure("the same with a limit of tasks", run_limited, 0);
}

static size_t memory_kib(void)
{
    size_t memory = 0;
    uv_resident_set_memory(&memory);
    return memory / 1024;
}

/* Starts tasks that end at once, and waits for each of them AHEAD starts later. */
static void run_many(bool silent, char (*ids)[TETHER_ID_SIZE])
{
    tether_error error = {0};
    const char *const argv[] = {"/bin/true", NULL};
    for (size_t i = 0; i < tasks; i++) {
        start(argv, silent, ids[i]);
        const char *waited[] = {i >= AHEAD ? ids[i - AHEAD] : ids[0]};
        check(tether_wait(registry, waited, 1, TETHER_WAIT_ALL, -1, NULL, &error), &error);
    }
    for (size_t i = 0; i < tasks; i++) {
        const char *waited[] = {ids[i]};
        check(tether_wait(registry, waited, 1, TETHER_WAIT_ALL, -1, NULL, &error), &error);
    }
}

static times since(times begin)
{
    times end = now();
    return (times){end.cpu - begin.cpu, end.wall - begin.wall};
}

static void bench_ended(void)
{
    tether_error error = {0};
    tether_gc_options gc = {.older_than_ms = -1};
    char(*ids)[TETHER_ID_SIZE] = calloc(tasks, sizeof *ids);
    if (ids == NULL)
        exit(1);
    size_t first = memory_kib();
    times begin = now();
    run_many(true, ids);
    size_t second = memory_kib();
    printf("%zu tasks that end at once, without completions:\n", tasks);
    show("start and wait for the end", since(begin), tasks);
    printf("  memory %.2f KiB per task\n", (double)(second - first) / (double)tasks);
    check(tether_gc(registry, &gc, NULL, &error), &error);
    reopen();
    first = memory_kib();
    begin = now();
    run_many(false, ids);
    second = memory_kib();
    printf("%zu tasks that end at once:\n", tasks);
    show("start and wait for the end", since(begin), tasks);
    printf("  memory %.2f KiB per task\n",
           second > first ? (double)(second - first) / (double)tasks : 0);
    measure_session("their completions are pending", tasks);
    begin = now();
    for (size_t i = 0; i < tasks; i++)
        check(tether_completion_ack(registry, ids[i], NULL, &error), &error);
    show("acknowledge all", since(begin), tasks);
    measure_session("they are acknowledged", tasks);
    begin = now();
    check(tether_gc(registry, &gc, NULL, &error), &error);
    show("remove all with tether_gc", since(begin), tasks);
    measure("close and open an empty session", reopen, 0);
    free(ids);
}

static void bench_running(size_t running)
{
    tether_error error = {0};
    char id[TETHER_ID_SIZE];
    const char *const argv[] = {"/bin/sleep", "10000", NULL};
    times begin = now();
    for (size_t i = 0; i < running; i++)
        start(argv, true, id);
    printf("%zu tasks that keep running:\n", running);
    show("start", since(begin), running);
    measure_session("they run", running);
    begin = now();
    check(tether_close(registry, TETHER_SHUTDOWN, &error), &error);
    show("shut down", since(begin), running);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: tether-bench-many STORE [TASKS] [RUNNING]\n");
        return 1;
    }
    store = argv[1];
    tasks = argc > 2 ? (size_t)atol(argv[2]) : TASKS;
    open_store();
    if (tasks > 0)
        bench_ended();
    bench_running(argc > 3 ? (size_t)atol(argv[3]) : RUNNING);
    return 0;
}
