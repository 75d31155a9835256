/* Owns the calls of tether that the programs have in common.
 * Must not: measure.
 * Thread: any. */
#include "store.h"

#include <unistd.h>

#include "measure.h"

enum { SETTLE_MS = 120000 };

void bench_check(int code, const tether_error *error)
{
    if (code != TETHER_OK)
        bench_fail(error->message);
}

tether_registry *bench_open(const char *session)
{
    char path[BENCH_PATH_SIZE];
    tether_registry *registry;
    tether_error error = {0};
    const tether_open_options options = {
        .store = bench_path(path, "store"), .session = session, .no_gc = 1};
    bench_check(tether_open(&options, &registry, &error), &error);
    return registry;
}

void bench_spawn(tether_registry *registry, const char *const argv[], bool notify,
                 char id[TETHER_ID_SIZE])
{
    tether_error error = {0};
    const tether_spec spec = {.argv = argv, .no_notify = !notify};
    bench_check(tether_spawn(registry, &spec, id, &error), &error);
}

void bench_settle(tether_registry *registry, const char *id)
{
    tether_error error = {0};
    double begin = bench_now_ms();
    for (bool runs = false; !runs; usleep(200)) {
        tether_snapshot *task;
        bench_check(tether_status_get(registry, id, &task, &error), &error);
        runs = task->status == TETHER_STATUS_RUNNING;
        tether_snapshot_free(task);
        if (!runs && bench_now_ms() - begin > SETTLE_MS)
            bench_fail("a task does not get to run");
    }
}

void bench_wait(tether_registry *registry, const char *id)
{
    tether_error error = {0};
    bench_check(tether_wait(registry, &id, 1, TETHER_WAIT_ALL, -1, NULL, &error), &error);
}

void bench_end_one(tether_registry *registry, bool acknowledge, char id[TETHER_ID_SIZE])
{
    const tether_proxy_spec spec = {.command = "nothing"};
    tether_error error = {0};
    tether_proxy *proxy;
    bench_check(tether_proxy_open(registry, &spec, id, &proxy, &error), &error);
    bench_check(tether_proxy_finish(proxy, 0, 0, &error), &error);
    if (acknowledge)
        bench_check(tether_completion_ack(registry, id, NULL, &error), &error);
}
