/* Passes signals of the command on to its task: run --wait --kill-on-signal. */
#ifndef TETHER_CLI_KILL_ON_SIGNAL_H
#define TETHER_CLI_KILL_ON_SIGNAL_H

#include <stdbool.h>

#include "tether.h"

typedef struct kill_on_signal kill_on_signal;

/* From now on, INT, TERM and HUP (on Windows Ctrl-C, Ctrl-Break and the closing of the console) do
 * not end this process. grace_ms: of the polite kill, as in tether_kill_options. Returns NULL if
 * that cannot be set up. Finish it with kill_on_signal_end. */
kill_on_signal *kill_on_signal_begin(tether_registry *registry, int64_t grace_ms);

/* The task to end. A signal that has come already ends it at once. The first signal asks it
 * politely, as tether kill does; the second one does not. */
void kill_on_signal_task(kill_on_signal *k, const char *task_id);

/* Whether a kill has failed, such as for processes of another user; why is in *error then. The
 * waits of the registry were interrupted: nobody knows when the task will end. NULL has not failed.
 */
bool kill_on_signal_failed(kill_on_signal *k, tether_error *error);

/* Ends the handling, after a kill that is under way. Returns the first signal that came, 0 if none
 * did. NULL is allowed. */
int kill_on_signal_end(kill_on_signal *k);

#endif
