/* "tether completions --follow": prints completions as they arrive, until it is interrupted. */
#ifndef TETHER_CLI_COMPLETIONS_FOLLOW_H
#define TETHER_CLI_COMPLETIONS_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/session.h"

typedef struct completions_follow {
    bool drain;        /* acknowledge each; otherwise print it once and leave it pending */
    bool all_sessions; /* include every session of the store */
    int64_t remind_ms; /* interval of the reminders of running tasks; 0: no reminders */
} completions_follow;

/* Opens the session and prints completions until something fails. Returns the exit code of that
 * failure. */
int completions_follow_run(const cli_options *cli, const completions_follow *choice);

#endif
