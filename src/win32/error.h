/* Translates GetLastError values into tether codes; nothing else does. */
#ifndef TETHER_WIN32_ERROR_H
#define TETHER_WIN32_ERROR_H

#include <stdint.h>

#include "tether/error.h"

/* Missing in headers of mingw. */
#ifndef ERROR_ACCESS_DISABLED_BY_POLICY
#define ERROR_ACCESS_DISABLED_BY_POLICY 1260L
#endif

/* Returns the code for an error of Windows. */
int tether__win32_code(uint32_t os_error);

/* Writes the system's message, in English where that is installed, without its full stop: it
 * becomes a part of our sentence. */
enum { TETHER__WIN32_WORDS_SIZE = 3 * 160 + 1 };
void tether__win32_words(uint32_t os_error, char message[TETHER__WIN32_WORDS_SIZE]);

/* Fills error from a GetLastError value that was captured right after the failed call: the step,
 * `what` it failed on (may be NULL), the system's message, and the remedy. Returns the code. */
int tether__win32_fail(tether_error *error, uint32_t os_error, const char *step, const char *what);

/* The same with a code that the caller chooses. */
int tether__win32_fail_as(tether_error *error, int code, uint32_t os_error, const char *step,
                          const char *what);

/* Returns GetLastError(), except that a file that is being deleted gives ERROR_DELETE_PENDING, for
 * which Windows reports "access denied". Call it right after the failed call. */
uint32_t tether__win32_last_error(void);

#endif
