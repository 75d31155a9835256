/* Measures whether calls cost more in a session in which many tasks have ended: one without any,
 * one with many that were acknowledged, and one with some whose completions are pending.
 *
 *   tether-bench-ended [--json] DIRECTORY [TASKS [PENDING]]
 *
 * The ended tasks are proxies (tether/proxy.h), which need no process: they take a fraction of the
 * time, and in the store they are tasks like others, but that they have no scripts. */
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"
#include "store.h"

enum { TASKS = 100000, PENDING = 2000, ROUNDS = 101, LIMIT_MS = 5000, LEASED = 16 };

typedef struct session {
    const char *name;
    long ended;
    bool pending;
    tether_registry *registry; /* stays open during all calls */
    char live[TETHER_ID_SIZE]; /* a task that runs */
    char old[TETHER_ID_SIZE];  /* one that has ended, empty if none */
} session;

static session sessions[] = {
    {.name = "none"}, {.name = "acknowledged"}, {.name = "pending", .pending = true}};

static const char *const stay[] = {"/bin/sleep", "1000", NULL};
static const char *const end[] = {"/bin/true", NULL};

/* --- Calls --- */

static void open_turn(const void *data, double ms[])
{
    const session *in = data;
    tether_error error = {0};
    double begin = bench_now_ms();
    tether_registry *registry = bench_open(in->name);
    ms[0] = bench_now_ms() - begin;
    bench_check(tether_close(registry, TETHER_DETACH, &error), &error);
}

/* Returns the time of a list, and stores how many tasks it has. */
static double time_list(const session *in, tether_list_scope scope, size_t *count)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    double begin = bench_now_ms();
    bench_check(tether_list(in->registry, scope, &list, &error), &error);
    double ms = bench_now_ms() - begin;
    *count = list->count;
    tether_snapshot_list_free(list);
    return ms;
}

static void list_turn(const void *data, double ms[])
{
    size_t count;
    ms[0] = time_list(data, TETHER_LIST_RUNNING, &count);
}

static void list_all_turn(const void *data, double ms[])
{
    const session *in = data;
    size_t count;
    ms[0] = time_list(in, TETHER_LIST_ALL, &count);
    if (count < (size_t)in->ended)
        bench_fail("a list has not all tasks");
}

static double time_status(const session *in, const char *id)
{
    tether_error error = {0};
    tether_snapshot *task;
    double begin = bench_now_ms();
    bench_check(tether_status_get(in->registry, id, &task, &error), &error);
    double ms = bench_now_ms() - begin;
    tether_snapshot_free(task);
    return ms;
}

static void status_turn(const void *data, double ms[])
{
    const session *in = data;
    ms[0] = time_status(in, in->live);
}

static void status_old_turn(const void *data, double ms[])
{
    const session *in = data;
    ms[0] = time_status(in, in->old);
}

static void peek_turn(const void *data, double ms[])
{
    const session *in = data;
    tether_error error = {0};
    tether_snapshot_list *list;
    const tether_completion_options options = {.limit = 1};
    double begin = bench_now_ms();
    bench_check(tether_completions_peek(in->registry, &options, &list, &error), &error);
    ms[0] = bench_now_ms() - begin;
    tether_snapshot_list_free(list);
}

static void lease_turn(const void *data, double ms[])
{
    const session *in = data;
    tether_error error = {0};
    tether_snapshot_list *list;
    const tether_completion_options options = {.limit = LEASED};
    double begin = bench_now_ms();
    bench_check(tether_completions_lease(in->registry, &options, &list, &error), &error);
    ms[0] = bench_now_ms() - begin;
    for (size_t i = 0; i < list->count; i++)
        tether_completion_release(in->registry, list->items[i]->task_id, NULL);
    tether_snapshot_list_free(list);
}

/* The first metric is the wait for a command that ends at once. */
static void wait_turn(const void *data, double ms[])
{
    const session *in = data;
    char id[TETHER_ID_SIZE];
    bench_spawn(in->registry, end, false, id);
    double begin = bench_now_ms();
    bench_wait(in->registry, id);
    ms[0] = bench_now_ms() - begin;
}

static void run_turn(const void *data, double ms[])
{
    const session *in = data;
    char id[TETHER_ID_SIZE];
    double begin = bench_now_ms();
    bench_spawn(in->registry, end, false, id);
    ms[0] = bench_now_ms() - begin;
    bench_wait(in->registry, id);
}

static void kill_turn(const void *data, double ms[])
{
    const session *in = data;
    char id[TETHER_ID_SIZE];
    tether_error error = {0};
    bench_spawn(in->registry, stay, false, id);
    bench_settle(in->registry, id);
    double begin = bench_now_ms();
    bench_check(tether_kill(in->registry, id, NULL, &error), &error);
    ms[0] = bench_now_ms() - begin;
}

/* --- Sessions --- */

static void fill(session *in)
{
    const bench_subject subject = {"ended", "tasks", in->ended};
    double begin = bench_now_ms();
    in->registry = bench_open(in->name);
    for (long i = 0; i < in->ended; i++)
        bench_end_one(in->registry, !in->pending, in->old);
    if (in->ended > 0)
        bench_value(&subject, in->name, "proxy", "ms per task",
                    (bench_now_ms() - begin) / (double)in->ended);
    bench_spawn(in->registry, stay, false, in->live);
}

/* --- The measurement --- */

static void measure(const char *call, bench_turn *turn, size_t first, size_t count)
{
    bench_contender contenders[3];
    char suite[64];
    snprintf(suite, sizeof suite, "ended: %s", call);
    for (size_t i = 0; i < count; i++)
        contenders[i] = (bench_contender){sessions[first + i].name, turn, &sessions[first + i]};
    const bench_subject subject = {suite, "tasks", sessions[1].ended};
    bench_run(&(bench_plan){subject, {call}, contenders, count, ROUNDS, LIMIT_MS});
}

static void measure_all(void)
{
    measure("open", open_turn, 0, 3);
    measure("list running", list_turn, 0, 3);
    measure("status of a live task", status_turn, 0, 3);
    measure("completions, first", peek_turn, 0, 3);
    measure("completions, lease 16", lease_turn, 0, 3);
    measure("status of an old task", status_old_turn, 1, 2);
    measure("list all", list_all_turn, 0, 3);
    measure("run", run_turn, 0, 3);
    measure("wait", wait_turn, 0, 3);
    measure("kill", kill_turn, 0, 3);
}

int main(int argc, char **argv)
{
    (void)argc;
    tether_error error = {0};
    char **words = bench_begin(argv, "[TASKS [PENDING]]");
    sessions[1].ended = bench_number(&words, TASKS);
    sessions[2].ended = bench_number(&words, PENDING);
    if (sessions[1].ended < 1 || sessions[2].ended < 1)
        bench_fail("TASKS and PENDING are at least 1");
    for (size_t i = 0; i < 3; i++)
        fill(&sessions[i]);
    measure_all();
    for (size_t i = 0; i < 3; i++)
        bench_check(tether_close(sessions[i].registry, TETHER_SHUTDOWN, &error), &error);
    return 0;
}
