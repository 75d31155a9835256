/* The smallest useful host: starts one command as a task and goes on with its own life.
 *
 *     host STORE SESSION COMMAND
 *
 * It prints the task's id, then talks to its user, here by reading standard input until that ends.
 * Whichever way this process ends, by the end of its input or by SIGKILL, the task goes on, and any
 * later process that opens the same store and session finds it again: `tether --store STORE
 * --session SESSION status ID` does. */
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

    /* An option that is not named has its default: all zero is valid. */
    tether_error error;
    tether_registry *registry = NULL;
    const tether_open_options options = {
        .size = sizeof options, .store = argv[1], .session = argv[2]};
    if (tether_open(&options, &registry, &error) != TETHER_OK)
        return fail("cannot open the session", &error);

    /* The command is text for the user's shell; for a program with exact arguments there is argv
     * instead. */
    char task_id[TETHER_ID_SIZE];
    const tether_spec spec = {.size = sizeof spec, .command = argv[3], .name = "example"};
    if (tether_spawn(registry, &spec, task_id, &error) != TETHER_OK) {
        tether_close(registry, TETHER_DETACH, NULL);
        return fail("cannot start the task", &error);
    }
    printf("%s\n", task_id);
    fflush(stdout);

    /* The registry watches the task on a thread of its own, so a host may be as busy as it likes,
     * or simply wait for its user. */
    while (getchar() != EOF) {
    }

    /* Detached: the task outlives this process. TETHER_SHUTDOWN would end it here. */
    if (tether_close(registry, TETHER_DETACH, &error) != TETHER_OK)
        return fail("cannot close the session", &error);
    return 0;
}
