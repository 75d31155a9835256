/* The process that is the command, for the other files of this folder. One thread. */
#ifndef TETHER_MONITOR_COMMAND_H
#define TETHER_MONITOR_COMMAND_H

#include <windows.h>

#include "format/orders.h"

/* Starts the command with this process's standard handles and in its console. Puts it into *job
 * from its first instruction; where Windows refuses that, *job is closed and becomes NULL, and the
 * command is only in the task's job. `kept` is a handle that the command inherits, so that the
 * name of the task's job lasts; NULL: none. Returns 0 or the error. */
DWORD tether__monitor_start_command(const tether__orders *orders, HANDLE *job, HANDLE kept,
                                    PROCESS_INFORMATION *process);

#endif
