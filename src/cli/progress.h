/* The status line of a verb that waits: one line on standard error, if that is a terminal. It comes
 * after a second, changes every second, makes way for everything that the command writes to a
 * terminal, and is gone at the end. */
#ifndef TETHER_CLI_PROGRESS_H
#define TETHER_CLI_PROGRESS_H

#include "cli/options.h"
#include "cli/progress_line.h"

/* Fills in what the line says now: `doing`, `elapsed_ms` and zeros are there already. Runs on a
 * thread of its own, once a second; may call a registry, must not write to a stream. */
typedef void progress_fill(void *userdata, progress_state *state);

/* From now on the line is shown, unless nobody wants or sees it: with --json or --quiet, on a dumb
 * terminal, on none. `doing` is static text; fill may be NULL. One at a time: within another one
 * this does nothing, and neither does its progress_end. */
void progress_begin(const cli_options *cli, const char *doing, progress_fill *fill, void *userdata);

/* Removes the line. Afterwards userdata is not used any more. */
void progress_end(void);

#endif
