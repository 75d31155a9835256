/* The pipe of standard input, for the sleep of the monitor (monitor_os.c). One thread. */
#ifndef TETHER_MONITOR_WIN32_INPUT_H
#define TETHER_MONITOR_WIN32_INPUT_H

#include <windows.h>

/* Returns what is signalled when a pipe that is to be closed has taken all; NULL: nothing is waited
 * for. */
HANDLE tether__input_event(void);

/* Closes it then. */
void tether__input_look(void);

#endif
