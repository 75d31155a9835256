/* Tasks over time as text. */
#ifndef TETHER_CLI_TIMELINE_TEXT_H
#define TETHER_CLI_TIMELINE_TEXT_H

#include "cli/options.h"
#include "cli/timeline.h"

/* Prints the axis and a row for each task, in these columns; coloured on a terminal only. With
 * sessions, the session of each task is shown too. Changes the steps of the plan to what fits. */
void timeline_text(const cli_options *cli, timeline *plan, size_t columns, bool sessions);

#endif
