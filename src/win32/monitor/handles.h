/* The handles that a host passes to a monitor, for the other files of this folder. One thread. */
#ifndef TETHER_MONITOR_HANDLES_H
#define TETHER_MONITOR_HANDLES_H

#include <windows.h>

/* Takes the inherited handles, before anything else is called. bond NULL: the task is not bound to
 * a host. */
void tether__monitor_take_handles(HANDLE lifeline, HANDLE orders, HANDLE bond);

/* Returns the first of them. */
HANDLE tether__monitor_lifeline(void);

#endif
