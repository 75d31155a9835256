/* What "tether run" is asked to do. */
#ifndef TETHER_CLI_RUN_REQUEST_H
#define TETHER_CLI_RUN_REQUEST_H

#include "tether.h"

#include "cli/interpreter.h"

typedef struct run_request {
    tether_spec spec;           /* complete, once parsed */
    tether_open_options limits; /* of the registry that starts the task */
    bool wait;
    bool quiet;      /* no hint, and no status line */
    bool found;      /* set by the start: a task with the key was found, and none started */
    int64_t wait_ms; /* -1: no limit */
    bool kill_on_signal;
    int64_t grace_ms; /* of that kill, as in tether_kill_options */

    /* What spec points into. */
    const char **env_set;
    size_t env_count;
    const char **env_unset;
    size_t unset_count;
    char **texts; /* of the files read */
    size_t text_count;
    interpreter script; /* that the command file names */
    const char *shell_arguments[2];

    const char *beside;             /* given with --while, unless it is a process; NULL: nothing */
    char beside_id[TETHER_ID_SIZE]; /* the task that this is */

    const char *file;  /* given with -f */
    int stdin_readers; /* how many options read the command's own standard input */
    int ways;          /* how many of PROG, -c and -f were given */
} run_request;

void run_request_dispose(run_request *request);

#endif
