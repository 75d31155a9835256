/* Processes by identity, for the other files of this room; implemented in process.c. Any thread. */
#ifndef TETHER_WIN32_PROCESS_H
#define TETHER_WIN32_PROCESS_H

#include <stdint.h>
#include <windows.h>

#include "os/process.h"

/* Returns the creation time of a process (100 ns since 1601) through a handle that may query it; 0
 * where Windows does not report it. */
uint64_t tether__win32_start_time(HANDLE process);

/* Opens the process with exactly this identity, with the rights to wait and to query and `access`
 * besides. *process, which the caller closes, is NULL unless the process is alive. */
tether__liveness tether__win32_process_open(const tether__identity *identity, DWORD access,
                                            HANDLE *process);

#endif
