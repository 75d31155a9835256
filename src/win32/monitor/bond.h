/* How the end of the task's host is heard of, for the sleep of the monitor (monitor_os.c). One
 * thread. */
#ifndef TETHER_MONITOR_BOND_H
#define TETHER_MONITOR_BOND_H

#include <windows.h>

/* Takes the handle that the host has passed. */
void tether__bond_take(HANDLE told);

/* Returns what is signalled when there is something to look at; NULL: there is nothing. */
HANDLE tether__bond_event(void);

/* Looks whether the host has ended. */
void tether__bond_look(void);

#endif
