/* The one place where errno becomes a tether code. */
#ifndef TETHER_POSIX_ERROR_H
#define TETHER_POSIX_ERROR_H

#include "tether/error.h"

/* The code for an errno value. */
int tether__posix_code(int os_error);

/* Fills error from an errno value that was captured right after the call: what failed on what, the
 * system's words, and the cure. `what` may be NULL. Returns the code. */
int tether__posix_fail(tether_error *error, int os_error, const char *step, const char *what);

/* The same under a code that the caller knows better. */
int tether__posix_fail_as(tether_error *error, int code, int os_error, const char *step,
                          const char *what);

/* The errno of an open that must follow no link: refusing one is ELOOP, as POSIX has it, whatever
 * this system calls it. */
int tether__posix_refusal(int os_error);

#endif
