/* Maps errno to tether codes. */
#ifndef TETHER_POSIX_ERROR_H
#define TETHER_POSIX_ERROR_H

#include <stdbool.h>

#include "tether/error.h"

/* Returns the tether code for an errno value. */
int tether__posix_code(int os_error);

/* Fills error from an errno value that was captured right after the call: the step, the object, the
 * system's description, and the remedy. `what`, the object, may be NULL. Returns the code. */
int tether__posix_fail(tether_error *error, int os_error, const char *step, const char *what);

/* Does the same with a code that the caller chooses. */
int tether__posix_fail_as(tether_error *error, int code, int os_error, const char *step,
                          const char *what);

/* Returns the tether code for the errno of a flock that failed for another reason than a lock of
 * another process: TETHER_ENOTSUP, which says that the file system has no locks, unless the failure
 * may pass. */
int tether__posix_lock_code(int os_error);

/* Translates the errno of an open with O_NOFOLLOW: FreeBSD and NetBSD have other numbers for a
 * refused link than ELOOP, which POSIX specifies. */
int tether__posix_refusal(int os_error);

/* Whether an errno means a shortage, such as of descriptors, or a failing disk: nothing was learnt,
 * and the next attempt may succeed. */
bool tether__posix_is_shortage(int os_error);

#endif
