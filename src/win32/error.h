/* The one place where GetLastError becomes a tether code. */
#ifndef TETHER_WIN32_ERROR_H
#define TETHER_WIN32_ERROR_H

#include <stdint.h>

#include "tether/error.h"

/* The code for an error of Windows. */
int tether__win32_code(uint32_t os_error);

/* Fills error from a GetLastError value that was captured right after the call: what failed on
 * what, the system's words, and the cure. `what` may be NULL. Returns the code. */
int tether__win32_fail(tether_error *error, uint32_t os_error, const char *step, const char *what);

/* The same under a code that the caller knows better. */
int tether__win32_fail_as(tether_error *error, int code, uint32_t os_error, const char *step,
                          const char *what);

/* What GetLastError tells, but that ERROR_DELETE_PENDING stands for a file that is being deleted,
 * which Windows otherwise calls "access denied". Right after the call. */
uint32_t tether__win32_last_error(void);

#endif
