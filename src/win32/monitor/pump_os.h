/* The pipes of the command's outputs, for the other files of this folder. One thread. */
#ifndef TETHER_WIN32_PUMP_OS_H
#define TETHER_WIN32_PUMP_OS_H

#include <stddef.h>
#include <windows.h>

#include "monitor/pump_os.h"

/* Stores what becomes signalled when a pipe can be read, for each pipe that is open. Returns how
 * many. */
size_t tether__pump_waits(HANDLE handles[TETHER__PUMP_STREAMS]);

#endif
