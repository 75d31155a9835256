/* "tether completions --follow": completions as they come, until somebody interrupts it. */
#ifndef TETHER_CLI_COMPLETIONS_FOLLOW_H
#define TETHER_CLI_COMPLETIONS_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/session.h"

typedef struct completions_follow {
    bool drain;        /* take each; otherwise show it once and leave it pending */
    bool all_sessions; /* of every session of the store */
    int64_t remind_ms; /* tell of tasks that run for so long, and again after each such time; 0:
                          do not */
} completions_follow;

/* Opens the session and prints what comes. Returns the exit code of what made it impossible to go
 * on. */
int completions_follow_run(const cli_options *cli, const completions_follow *choice);

#endif
