/* A console break for a task: the polite end. Any thread. */
#ifndef TETHER_WIN32_BREAK_H
#define TETHER_WIN32_BREAK_H

#include "os/process.h"
#include "tether/error.h"

/* Sends CTRL+BREAK to the process group that this supervisor leads, by a helper program that enters
 * its console, since a process has only one. TETHER_ENOTSUP where the helper is not installed or
 * cannot reach that console: then nothing was sent. Blocks for up to two seconds. */
int tether__win32_break(const tether__identity *supervisor, tether_error *error);

#endif
