/* Tables of tasks for people. */
#ifndef TETHER_CLI_TABLE_H
#define TETHER_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "tether.h"

#include "cli/options.h"

/* Prints these tasks with a header. Lines are cut on a terminal only, and coloured there. With
 * sessions, the session of each task is shown too. */
void table_print(const cli_options *cli, const tether_snapshot *const *tasks, size_t count,
                 bool sessions);

/* Prints the line of one task, without aligning it to others. */
void table_row(const tether_snapshot *task, bool sessions);

#endif
