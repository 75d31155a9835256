/* Runs "tether watch": one watch on one task's output, and the printing of its matches. */
#ifndef TETHER_CLI_WATCHING_H
#define TETHER_CLI_WATCHING_H

#include <stdint.h>

#include "tether.h"

#include "cli/session.h"

typedef struct watch_request {
    const char *task_id;
    tether_watch_spec spec;
    int64_t timeout_ms; /* -1: no limit */
} watch_request;

/* Watches until the task has ended and all its output was searched, until the first match if
 * spec.once is set, or until the timeout. Prints each line that matches once, or with --json each
 * match. Returns the exit code. */
int watching_run(const cli_options *cli, const watch_request *request);

#endif
