/* A registry inside an epoll loop (Linux), with no thread of the library: starts each argument as a
 * command, all at once, and prints how they end.
 *
 *     epoll STORE COMMAND... */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tether.h"

static int fail(const char *what, const tether_error *error)
{
    fprintf(stderr, "epoll: %s: %s (%s, at: %s)\n", what, error->message,
            tether_error_name(error->code), error->step);
    return 1;
}

/* Called inside tether_dispatch. */
static void on_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    int *left = userdata;
    (void)registry;
    if (event->kind != TETHER_EVENT_COMPLETION)
        return;
    printf("%s %s: %s, exit code %d\n", event->task_id, event->snapshot->command,
           tether_status_text(event->snapshot->status), (int)event->snapshot->exit_code);
    --*left;
}

/* One descriptor among all others of the host. */
static int run_loop(tether_registry *registry, int epoll, const int *left, tether_error *error)
{
    int64_t next_ms = 0;
    while (*left > 0) {
        struct epoll_event ready;
        if (epoll_wait(epoll, &ready, 1, (int)next_ms) < 0)
            perror("epoll: epoll_wait");
        if (tether_dispatch(registry, &next_ms, error) != TETHER_OK)
            return fail("cannot go on", error);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: epoll STORE COMMAND...\n");
        return 2;
    }

    int left = argc - 2;
    tether_error error = {0};
    tether_registry *registry = NULL;
    const tether_open_options options = {.size = sizeof options,
                                         .store = argv[1],
                                         .dispatch = 1,
                                         .on_event = on_event,
                                         .userdata = &left};
    if (tether_open(&options, &registry, &error) != TETHER_OK)
        return fail("cannot open the session", &error);

    intptr_t pollable = -1;
    tether_pollable(registry, &pollable, NULL);
    struct epoll_event wanted = {.events = EPOLLIN};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, (int)pollable, &wanted) != 0) {
        perror("epoll: cannot wait for the registry");
        return 1;
    }

    int code = 0;
    for (int i = 2; i < argc && code == 0; i++) {
        char task_id[TETHER_ID_SIZE];
        const tether_spec spec = {.size = sizeof spec, .command = argv[i]};
        if (tether_spawn(registry, &spec, task_id, &error) != TETHER_OK)
            code = fail("cannot start the task", &error);
    }
    if (code == 0)
        code = run_loop(registry, epoll, &left, &error);

    /* First out of the loop, then closed. */
    close(epoll);
    tether_close(registry, TETHER_DETACH, NULL);
    return code;
}
