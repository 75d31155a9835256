/* A watch on one task's output: from its first match to its end. */
#ifndef TETHER_CLI_WATCHING_H
#define TETHER_CLI_WATCHING_H

#include <stdint.h>

#include "tether.h"

#include "cli/session.h"

typedef struct watch_request {
    const char *task_id;
    tether_watch_spec spec;
    int64_t timeout_ms; /* -1: for ever */
} watch_request;

/* Watches until the task has ended and all was searched, until the first match with spec.once, or
 * until the time is over. Prints what matches: each line once, or with --json each match. Returns
 * the exit code. */
int watching_run(const cli_options *cli, const watch_request *request);

#endif
