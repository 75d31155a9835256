/* Prints completions, and acknowledges those that are drained. */
#ifndef TETHER_CLI_DRAIN_H
#define TETHER_CLI_DRAIN_H

#include "tether.h"

#include "cli/session.h"

/* Prints one completion, with its session if sessions is true. Returns 0 or an exit code. */
int drain_print(const cli_options *cli, const tether_snapshot *snapshot, bool sessions);

/* Leases the pending completions that no other process has leased, prints each, and acknowledges
 * it after it was written out. No completion is lost: those not acknowledged are pending again once
 * the registry is closed or this process has died. Returns 0, or reports each failure and returns
 * the exit code of the first. Sets *stop (may be NULL) to true if the caller must not continue. */
int drain_pending(const cli_options *cli, tether_registry *registry,
                  const tether_completion_options *options, bool *stop);

#endif
