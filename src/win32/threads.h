/* Suspending and resuming processes thread by thread: Windows has no documented call for a whole
 * process. Any thread. */
#ifndef TETHER_WIN32_THREADS_H
#define TETHER_WIN32_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <windows.h>

#include "win32/family.h"

/* Suspends or resumes every thread of these processes once. A thread that is already suspended is
 * left as it is; one resumption therefore undoes any number of calls. Returns 0 or the error. */
DWORD tether__win32_threads_pause_or_resume(const tether__win32_member *members, size_t count,
                                            bool suspend);

#endif
