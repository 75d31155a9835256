/* "tether wait -n" without ids: takes the next completion of the session. */
#ifndef TETHER_CLI_WAIT_NEXT_H
#define TETHER_CLI_WAIT_NEXT_H

#include <stdint.h>

#include "tether.h"

#include "cli/options.h"

/* Waits for a completion that no other process has leased, leases and prints it, acknowledges it
 * once it is written out, and returns the exit code of its task. timeout_ms -1: no limit. */
int wait_next_run(const cli_options *cli, tether_registry *registry, int64_t timeout_ms);

#endif
