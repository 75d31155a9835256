/* The registry that the options of the command line select. */
#ifndef TETHER_CLI_SESSION_H
#define TETHER_CLI_SESSION_H

#include "tether.h"

#include "cli/options.h"

/* Opens the selected session. Returns 0, or reports the error and returns its exit code. */
int session_open(const cli_options *cli, tether_registry **registry);

/* Does the same with options of the verb; fills in their size, store, session and no_gc. */
int session_open_with(const cli_options *cli, tether_open_options *options,
                      tether_registry **registry);

/* Closes the registry; its tasks go on, except those whose deadline has passed: waits until these
 * have ended, some seconds at most. Ends this process if the reader of standard output is gone (see
 * reader.h). Returns the given exit code, or that of the failed close if
 * the given one is 0. */
int session_close(const cli_options *cli, tether_registry *registry, int code);

#endif
