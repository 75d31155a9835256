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

/* Formats why and how a task has ended, or that it has not: "failed (3)", "killed (SIGTERM)". */
void table_status(const tether_snapshot *task, char *text, size_t size);

/* Returns the sequence that begins the colour of a status. */
const char *table_colour(tether_status status);

/* Prints the line of one task, without aligning it to others. */
void table_row(const tether_snapshot *task, bool sessions);

#endif
