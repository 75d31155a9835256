/* The handles that a host passes to a monitor, for the other files of this folder. One thread. */
#ifndef TETHER_MONITOR_HANDLES_H
#define TETHER_MONITOR_HANDLES_H

#include <windows.h>

/* Takes the inherited handles, before anything else is called. bond NULL: the task is not bound to
 * a host. */
void tether__monitor_take_handles(HANDLE lifeline, HANDLE orders, HANDLE bond);

/* Returns the first of them. */
HANDLE tether__monitor_lifeline(void);

/* The first argument of a process that is no monitor but its messenger: the id of no task. Its
 * other ones are the numbers of the lifeline, the orders and the end of the pipe from the monitor.
 */
#define TETHER__MESSENGER_WORD ".on-end"

/* Takes the pipe's end, in such a process. */
void tether__on_end_take_pipe(HANDLE from_monitor);

#endif
