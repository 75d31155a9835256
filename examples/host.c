/* A minimal host: starts a command as a task and continues with its own work.
 *
 *     host STORE SESSION COMMAND
 *
 * It prints the task's id, then reads standard input until its end, in place of other work. However
 * this process ends, even by SIGKILL, the task continues. Any process that opens the same store and
 * session finds it: try `tether --store STORE --session SESSION status ID`. */
#include <stdio.h>

#include "tether.h"

static int fail(const char *what, const tether_error *error)
{
    fprintf(stderr, "host: %s: %s (%s, at: %s)\n", what, error->message,
            tether_error_name(error->code), error->step);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: host STORE SESSION COMMAND\n");
        return 2;
    }

    /* Options that are zero have their defaults. */
    tether_error error = {0};
    tether_registry *registry = NULL;
    const tether_open_options options = {
        .size = sizeof options, .store = argv[1], .session = argv[2]};
    if (tether_open(&options, &registry, &error) != TETHER_OK)
        return fail("cannot open the session", &error);

    /* A command is text for the user's shell. To start a program with exact arguments, set argv
     * instead. */
    char task_id[TETHER_ID_SIZE];
    const tether_spec spec = {.size = sizeof spec, .command = argv[3], .name = "example"};
    if (tether_spawn(registry, &spec, task_id, &error) != TETHER_OK) {
        tether_close(registry, TETHER_DETACH, NULL);
        return fail("cannot start the task", &error);
    }
    printf("%s\n", task_id);
    fflush(stdout);

    /* The registry watches the task on a thread of its own, so this thread may block. */
    while (getchar() != EOF) {
    }

    /* The task continues after the close. TETHER_SHUTDOWN would kill it first. */
    if (tether_close(registry, TETHER_DETACH, &error) != TETHER_OK)
        return fail("cannot close the session", &error);
    return 0;
}
