/* Showing completions: one, or all that are to be taken. */
#ifndef TETHER_CLI_DRAIN_H
#define TETHER_CLI_DRAIN_H

#include "tether.h"

#include "cli/session.h"

/* Prints one completion; 0 or an exit code. */
int drain_print(const cli_options *cli, const tether_snapshot *snapshot, bool sessions);

/* Takes what is pending and held by nobody: leases it, prints each, and acknowledges it once it is
 * written out, so that whatever ends this process loses nothing: what is left is pending again once
 * the registry is closed. 0, or the exit code of the first failure after it was printed; *stop
 * (NULL: not wanted) tells that going on makes no sense. */
int drain_pending(const cli_options *cli, tether_registry *registry,
                  const tether_completion_options *options, bool *stop);

#endif
