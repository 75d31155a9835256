/* Tells people what lives on after the end of a task. */
#ifndef TETHER_CLI_SURVIVORS_H
#define TETHER_CLI_SURVIVORS_H

#include "tether.h"

#include "cli/stream.h"

/* Writes a line such as "2 processes still run: 123 node, 130 sh", and how to end them if the task
 * has ended. Writes nothing if there are none, or it is not known whether there are. `before` is
 * written before the line. */
void survivors_print(cli_stream *to, const char *before, const tether_snapshot *snapshot);

#endif
