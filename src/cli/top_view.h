/* The live view of "tether top". */
#ifndef TETHER_CLI_TOP_VIEW_H
#define TETHER_CLI_TOP_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"

/* Shows the tasks of the session until the user quits. While tasks run, their numbers are renewed
 * at the interval (0: never). Returns the exit code. Sets *why to NULL, or to why there can be no
 * view on this terminal; nothing was done then. Ends this process by a signal that asks for it. */
int top_view_run(const cli_options *cli, int64_t interval_ms, bool running_only, const char **why);

#endif
