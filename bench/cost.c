/* Makes the calls whose cost ci/bench counts.
 *
 *   tether-bench-cost calls STORE [TASKS]   one call after the other, for a tracer
 *   tether-bench-cost fill STORE TASKS      leaves ended, acknowledged tasks
 *   tether-bench-cost live STORE            prints what live tasks cost the host
 *
 * Before and after each call there is a mark, a call of access() on a path that does not exist, so
 * that a trace shows which system calls belong to what. With TETHER_BENCH_PLANT in the environment
 * it does more than it should, to show that ci/bench notices. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "measure.h"
#include "probe.h"
#include "store.h"

enum {
    ROUNDS = 9,
    LIVE_FIRST = 64,
    LIVE_MOST = 640, /* many, since the heap of a thread may differ by some KiB */
    IDLE_S = 3,
    SETTLE_US = 50000, /* a registry looks once more, a moment after the event of a running task */
    PLANT_US = 100000,
    PLANT_CALLS = 8
};

static const char *store;
static tether_registry *registry;
static const char *const stay[] = {"/bin/sleep", "1000", NULL};
static const char *const end[] = {"/bin/true", NULL};

static void mark(const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/tether-bench/%s", name);
    if (access(path, F_OK) == 0)
        bench_fail("a mark exists as a file");
}

/* --- Faults for the test of ci/bench itself --- */

static bool planted(void)
{
    return getenv("TETHER_BENCH_PLANT") != NULL;
}

/* A file with a few bytes, a descriptor, heap and a process too many. */
static void waste(void)
{
    static int number;
    char path[BENCH_PATH_SIZE], *bytes = calloc(1, 4096);
    snprintf(path, sizeof path, "%s/planted-%d", store, number++);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || bytes == NULL || write(fd, bytes, 1024) != 1024)
        bench_fail("cannot plant a fault");
    /* More calls than the slack of any limit. */
    for (int i = 0; i < PLANT_CALLS; i++) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (null < 0 || write(null, bytes, 1) != 1 || close(null) != 0)
            bench_fail("cannot plant a fault");
    }
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
}

static void wake_often(void *unused)
{
    (void)unused;
    for (;;)
        usleep(PLANT_US);
}

/* --- Calls --- */

static void open_on(uv_loop_t *loop)
{
    tether_error error = {0};
    const tether_open_options options = {
        .store = store, .session = "bench", .no_gc = 1, .loop = loop};
    bench_check(tether_open(&options, &registry, &error), &error);
}

static void open_registry(void)
{
    open_on(NULL);
}

static void close_registry(tether_close_mode mode)
{
    tether_error error = {0};
    bench_check(tether_close(registry, mode, &error), &error);
}

static tether_snapshot *look(const char *id)
{
    tether_error error = {0};
    tether_snapshot *task;
    bench_check(tether_status_get(registry, id, &task, &error), &error);
    return task;
}

static void spawn(const char *const argv[], char id[TETHER_ID_SIZE])
{
    bench_spawn(registry, argv, true, id);
    if (planted())
        waste();
}

/* Waits until the supervisor of an ended task is gone and reaped. */
static void settle_end(const char *id)
{
    tether_snapshot *task = look(id);
    pid_t pid = (pid_t)task->child_pid;
    tether_snapshot_free(task);
    while (pid > 0 && kill(pid, 0) == 0)
        usleep(1000);
}

static void call_list(tether_list_scope scope, bool without_output)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    const tether_list_options options = {.scope = scope, .without_output = without_output};
    bench_check(tether_list_in(registry, &options, &list, &error), &error);
    tether_snapshot_list_free(list);
}

static void call_peek(void)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    bench_check(tether_completions_peek(registry, NULL, &list, &error), &error);
    tether_snapshot_list_free(list);
}

static void call_ack(const char *id)
{
    tether_error error = {0};
    bench_check(tether_completion_ack(registry, id, NULL, &error), &error);
}

static void call_poll(const char *id)
{
    tether_error error = {0};
    int code = tether_wait(registry, &id, 1, TETHER_WAIT_ALL, 0, NULL, &error);
    bench_check(code == TETHER_ETIMEDOUT ? TETHER_OK : code, &error);
}

/* --- Steps --- */

static void start_task(char id[TETHER_ID_SIZE])
{
    mark("spawn");
    spawn(stay, id);
    mark("spawn-settle");
    bench_settle(registry, id);
    usleep(SETTLE_US);
    mark("none");
}

static void look_at_task(const char *id)
{
    mark("list");
    call_list(TETHER_LIST_RUNNING, false);
    mark("brief");
    call_list(TETHER_LIST_RUNNING, true);
    mark("status");
    tether_snapshot_free(look(id));
    mark("poll");
    call_poll(id);
    mark("peek");
    call_peek();
    mark("none");
}

static void kill_task(const char *id)
{
    tether_error error = {0};
    mark("kill");
    bench_check(tether_kill(registry, id, NULL, &error), &error);
    mark("none");
}

static void run_task(void)
{
    char id[TETHER_ID_SIZE];
    mark("run");
    spawn(end, id);
    mark("wait");
    bench_wait(registry, id);
    mark("run-settle");
    settle_end(id);
    mark("ack");
    call_ack(id);
    mark("none");
}

static void run_untold(void)
{
    char id[TETHER_ID_SIZE];
    spawn(end, id);
    bench_wait(registry, id);
    settle_end(id);
    call_ack(id);
}

static void step_calls(void)
{
    char ids[ROUNDS][TETHER_ID_SIZE];
    mark("open");
    open_registry();
    mark("none");
    run_untold(); /* creates what is shared by all tasks */
    for (int i = 0; i < ROUNDS; i++) {
        start_task(ids[i]);
        look_at_task(ids[i]);
    }
    for (int i = 0; i < ROUNDS; i++)
        run_task();
    for (int i = 0; i < ROUNDS; i++)
        kill_task(ids[i]);
    close_registry(TETHER_SHUTDOWN);
}

/* The loop runs only when all tasks are in archives: it has their events still before it. */
static void step_fill(long tasks)
{
    uv_loop_t loop;
    char id[TETHER_ID_SIZE];
    uv_loop_init(&loop);
    open_on(&loop);
    for (long i = 0; i < tasks; i++)
        bench_end_one(registry, true, id);
    call_list(TETHER_LIST_ALL, false);
    uv_run(&loop, UV_RUN_NOWAIT);
    close_registry(TETHER_DETACH);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

static void start_live(int count)
{
    char ids[LIVE_MOST][TETHER_ID_SIZE];
    for (int i = 0; i < count; i++)
        spawn(stay, ids[i]);
    for (int i = 0; i < count; i++)
        bench_settle(registry, ids[i]);
}

static void step_live(void)
{
    const double count = LIVE_MOST - LIVE_FIRST;
    open_registry();
    start_live(LIVE_FIRST);
    double heap = (double)bench_heap(), descriptors = (double)bench_descriptors();
    start_live((int)count);
    printf("live.heap %.0f\n", ((double)bench_heap() - heap) / count);
    printf("live.descriptors %.0f\n", ((double)bench_descriptors() - descriptors) / count);
    uv_thread_t thread;
    if (planted())
        uv_thread_create(&thread, wake_often, NULL);
    bench_wakeups(1);
    printf("idle.host.wakeups %ld\n", bench_wakeups(IDLE_S));
    close_registry(TETHER_SHUTDOWN);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        bench_fail("usage: tether-bench-cost calls|fill|live STORE [TASKS]");
    store = argv[2];
    if (strcmp(argv[1], "calls") == 0)
        step_calls();
    else if (strcmp(argv[1], "fill") == 0 && argc > 3)
        step_fill(atol(argv[3]));
    else if (strcmp(argv[1], "live") == 0)
        step_live();
    else
        bench_fail("unknown step");
    return 0;
}
