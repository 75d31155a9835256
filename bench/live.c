/* Measures what many tasks that keep running cost: their start, lists, heap and descriptors of the
 * host, its memory and that of the monitors, how often the idle host wakes with and without calls
 * that wait, and the shutdown.
 *
 *   tether-bench-live [--json] DIRECTORY [TASKS [IDLE_SECONDS]]
 *
 * 10000 tasks need 20000 processes, so a pid_max above that, and some 5 GB of memory. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "measure.h"
#include "probe.h"
#include "store.h"

enum { TASKS = 10000, FEW = 1000, ROUNDS = 11, IDLE_S = 10, WAITERS = 5 };

static tether_registry *registry;
static char (*ids)[TETHER_ID_SIZE];
static const char **id_list;
static size_t started;

/* --- Calls --- */

static void list_running(bool without_output)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    const tether_list_options options = {.scope = TETHER_LIST_RUNNING,
                                         .without_output = without_output};
    bench_check(tether_list_in(registry, &options, &list, &error), &error);
    if (list->count != started)
        bench_fail("a list has not all tasks");
    tether_snapshot_list_free(list);
}

static void list_turn(const void *data, double ms[])
{
    const bool *without_output = data;
    double cpu = bench_cpu_ms(), begin = bench_now_ms();
    list_running(*without_output);
    ms[0] = bench_now_ms() - begin;
    ms[1] = bench_cpu_ms() - cpu;
}

static void status_turn(const void *data, double ms[])
{
    (void)data;
    tether_error error = {0};
    tether_snapshot *task;
    double cpu = bench_cpu_ms(), begin = bench_now_ms();
    bench_check(tether_status_get(registry, ids[started / 2], &task, &error), &error);
    ms[0] = bench_now_ms() - begin;
    ms[1] = bench_cpu_ms() - cpu;
    tether_snapshot_free(task);
}

static const bool with = false, without = true;
static const bench_contender lists[] = {{"list running", list_turn, &without},
                                        {"list running, with outputs", list_turn, &with}};
static const bench_contender status_only[] = {{"status", status_turn, NULL}};

static bench_subject subject(void)
{
    return (bench_subject){"live", "tasks", (long)started};
}

/* --- Phases --- */

static void start_up_to(size_t count)
{
    static const char *const argv[] = {"/bin/sleep", "1000", NULL};
    size_t first = started;
    double begin = bench_now_ms();
    for (; started < count; started++) {
        bench_spawn(registry, argv, true, ids[started]);
        id_list[started] = ids[started];
    }
    double per_task = (bench_now_ms() - begin) / (double)(count - first);
    for (size_t i = first; i < started; i++)
        bench_settle(registry, ids[i]);
    const bench_subject here = subject();
    bench_value(&here, "tether", "start", "ms per task", per_task);
    bench_run(&(bench_plan){here, {"elapsed", "processor"}, lists, 2, ROUNDS, 10000});
    bench_run(&(bench_plan){here, {"elapsed", "processor"}, status_only, 1, ROUNDS, 10000});
}

static void wait_for_all(void *data)
{
    (void)data;
    tether_wait(registry, id_list, started, TETHER_WAIT_ALL, -1, NULL, NULL);
}

static void wait_for_any(void *data)
{
    (void)data;
    tether_wait(registry, id_list, started, TETHER_WAIT_ANY, -1, NULL, NULL);
}

static void wait_for_next(void *data)
{
    tether_waiter *waiter = data;
    char id[TETHER_ID_SIZE];
    tether_waiter_next(waiter, -1, id, NULL);
    tether_waiter_close(waiter);
}

static void wait_for_completion(void *data)
{
    (void)data;
    tether_completions_wait(registry, NULL, -1, NULL);
}

static void follow(void *data)
{
    tether_follower *follower = data;
    char buffer[64];
    size_t got;
    tether_stream stream;
    tether_follow_read(follower, buffer, sizeof buffer, -1, &stream, &got, NULL);
    tether_follow_close(follower);
}

/* Starts a thread for each kind of call that waits. */
static void start_waiters(uv_thread_t threads[WAITERS])
{
    tether_error error = {0};
    tether_waiter *waiter;
    tether_follower *follower;
    bench_check(tether_waiter_open(registry, id_list, started, &waiter, &error), &error);
    bench_check(tether_follow_open(registry, ids[0], TETHER_VIEW_BOTH, NULL, &follower, &error),
                &error);
    uv_thread_create(&threads[0], wait_for_all, NULL);
    uv_thread_create(&threads[1], wait_for_any, NULL);
    uv_thread_create(&threads[2], wait_for_next, waiter);
    uv_thread_create(&threads[3], wait_for_completion, NULL);
    uv_thread_create(&threads[4], follow, follower);
}

static void count_wakeups(const char *name, unsigned idle_s)
{
    const bench_subject here = subject();
    char metric[32];
    snprintf(metric, sizeof metric, "wake-ups in %u s", idle_s);
    bench_wakeups(2);
    bench_value(&here, name, metric, "times", (double)bench_wakeups(idle_s));
}

/* The commands are the user's own. */
static void measure_memory(void)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    const tether_list_options options = {.scope = TETHER_LIST_RUNNING, .without_output = true};
    double host = bench_memory_kib(getpid()), monitors = 0;
    bench_check(tether_list_in(registry, &options, &list, &error), &error);
    for (size_t i = 0; i < list->count; i++)
        monitors += bench_memory_kib((long)list->items[i]->child_pid);
    tether_snapshot_list_free(list);
    const bench_subject here = subject();
    bench_value(&here, "host", "memory", "MiB", host / 1024);
    bench_value(&here, "monitors", "memory", "KiB per task", monitors / (double)started);
    bench_value(&here, "host and monitors", "memory", "MiB", (host + monitors) / 1024);
}

static void measure_idle(unsigned idle_s)
{
    uv_thread_t threads[WAITERS];
    count_wakeups("idle", idle_s);
    start_waiters(threads);
    count_wakeups("idle, 5 waiters", idle_s);
    tether_interrupt(registry);
    for (size_t i = 0; i < WAITERS; i++)
        uv_thread_join(&threads[i]);
}

int main(int argc, char **argv)
{
    (void)argc;
    tether_error error = {0};
    char **words = bench_begin(argv, "[TASKS [IDLE_SECONDS]]");
    size_t tasks = (size_t)bench_number(&words, TASKS);
    unsigned idle_s = (unsigned)bench_number(&words, IDLE_S);
    if (tasks == 0)
        bench_fail("TASKS is at least 1");
    ids = calloc(tasks, sizeof *ids);
    id_list = calloc(tasks, sizeof *id_list);
    if (ids == NULL || id_list == NULL)
        bench_fail("out of memory");
    registry = bench_open("bench");
    size_t heap = bench_heap(), descriptors = bench_descriptors();
    if (tasks > FEW)
        start_up_to(FEW);
    start_up_to(tasks);
    const bench_subject here = subject();
    bench_value(&here, "tether", "heap", "bytes per task",
                ((double)bench_heap() - (double)heap) / (double)tasks);
    bench_value(&here, "tether", "descriptors", "per task",
                ((double)bench_descriptors() - (double)descriptors) / (double)tasks);
    measure_memory();
    measure_idle(idle_s);
    double begin = bench_now_ms();
    bench_check(tether_close(registry, TETHER_SHUTDOWN, &error), &error);
    bench_value(&here, "tether", "shutdown", "ms per task",
                (bench_now_ms() - begin) / (double)tasks);
    return 0;
}
