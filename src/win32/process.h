/* Processes by identity, for the other files of this folder: part of os_process.c. Any thread. */
#ifndef TETHER_WIN32_PROCESS_H
#define TETHER_WIN32_PROCESS_H

#include <stdint.h>
#include <windows.h>

#include "os/process.h"

/* When a process was created, by a handle that may query it; 0: it cannot be told. */
uint64_t tether__win32_start_time(HANDLE process);

/* Opens exactly this process with the right to wait for it, to query it, and `access` besides.
 * *process, which the caller closes, is NULL unless it is alive. */
tether__liveness tether__win32_process_open(const tether__identity *identity, DWORD access,
                                            HANDLE *process);

#endif
