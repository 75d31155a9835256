/* The process that runs the command at the end of a task, for the other files of this folder. One
 * thread. */
#ifndef TETHER_WIN32_MONITOR_ON_END_H
#define TETHER_WIN32_MONITOR_ON_END_H

#include <windows.h>

/* The first argument of a process that is no monitor but its messenger: the id of no task. Its
 * other ones are the numbers of the lifeline, the orders and the end of the pipe from the monitor.
 */
#define TETHER__MESSENGER_WORD ".on-end"

/* Takes the pipe's end, in such a process. */
void tether__on_end_take_pipe(HANDLE from_monitor);

#endif
