/* Measures how long it takes to start many tasks that keep running, and to kill them all with one
 * shutdown.
 *
 *   tether-bench-shutdown [STORE] [TASKS]
 *
 * The tasks end on SIGTERM, so the shutdown does not wait for the grace: its time is that of
 * finding their processes and writing their records. */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "tether.h"

enum { TASKS = 200 };

static double now_s(void)
{
    return (double)uv_hrtime() / 1e9;
}

static void give_up(const char *what)
{
    fprintf(stderr, "tether-bench-shutdown: %s\n", what);
    exit(1);
}

static tether_registry *open_registry(const tether_open_options *options)
{
    tether_registry *registry;
    tether_error error = {0};
    if (tether_open(options, &registry, &error) != TETHER_OK)
        give_up(error.message);
    return registry;
}

/* Removes the tasks, which have ended and have no completions. */
static void remove_all(const tether_open_options *options)
{
    tether_registry *registry = open_registry(options);
    tether_gc_options gc = {.older_than_ms = -1};
    tether_gc(registry, &gc, NULL, NULL);
    tether_close(registry, TETHER_DETACH, NULL);
}

int main(int argc, char **argv)
{
    tether_error error = {0};
    const tether_open_options options = {.store = argc > 1 ? argv[1] : NULL, .session = "bench"};
    int tasks = argc > 2 ? atoi(argv[2]) : TASKS;
    if (tasks < 1)
        give_up("TASKS is a positive number");
    tether_registry *registry = open_registry(&options);
    static const char *const stay[] = {"/bin/sleep", "1000", NULL};
    const tether_spec spec = {.argv = stay, .no_notify = true, .timeout_ms = TETHER_NO_TIMEOUT};
    double begin = now_s();
    for (int i = 0; i < tasks; i++) {
        char id[TETHER_ID_SIZE];
        if (tether_spawn(registry, &spec, id, &error) != TETHER_OK) {
            fprintf(stderr, "tether-bench-shutdown: %s\n", error.message);
            tether_close(registry, TETHER_SHUTDOWN, NULL);
            return 1;
        }
    }
    double started = now_s();
    if (tether_close(registry, TETHER_SHUTDOWN, &error) != TETHER_OK)
        give_up(error.message);
    printf("%d tasks: started in %.2f s, shut down in %.2f s\n", tasks, started - begin,
           now_s() - started);
    remove_all(&options);
    return 0;
}
