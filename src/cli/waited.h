/* What the status line says of the tasks that a verb waits for. */
#ifndef TETHER_CLI_WAITED_H
#define TETHER_CLI_WAITED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether.h"

#include "cli/progress.h"

typedef struct cli_waited {
    tether_registry *registry;
    const char *const *ids; /* of tasks of the session; NULL: all that run in it */
    size_t count;
    const char *limit; /* what comes when the time is over; NULL: nothing but the task's deadline */
    uint64_t until;    /* that moment, as of moment_after */
    bool by_status;    /* the line begins with the status of the one task */
} cli_waited;

/* A progress_fill; userdata is a cli_waited. */
void waited_fill(void *userdata, progress_state *state);

#endif
