/* Console breaks: the polite way to end a task. Any thread. */
#ifndef TETHER_WIN32_BREAK_H
#define TETHER_WIN32_BREAK_H

#include "os/process.h"
#include "tether/error.h"

/* Sends CTRL+BREAK to the process group that this supervisor leads. A helper program attaches to
 * the supervisor's console and sends it, because a process can be attached to one console only.
 * Whether anything handles it cannot be known, nor what a program does with it. TETHER_ENOTSUP
 * where the helper is not installed, cannot attach to that console, or does not end within two
 * seconds, in which case the break may have been sent all the same. Blocks for up to two seconds.
 */
int tether__win32_break(const tether__identity *supervisor, tether_error *error);

#endif
