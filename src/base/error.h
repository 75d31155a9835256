/* Filling in the caller's error struct. Pure; any thread. */
#ifndef TETHER_ERROR_INTERNAL_H
#define TETHER_ERROR_INTERNAL_H

#include "tether/error.h"

/* Where a platform has several kinds of printf, the build says which one is used. */
#ifndef TETHER__PRINTF_KIND
#define TETHER__PRINTF_KIND printf
#endif
#ifdef __GNUC__
#define TETHER__PRINTF(place, first) __attribute__((format(TETHER__PRINTF_KIND, place, first)))
#else
#define TETHER__PRINTF(place, first)
#endif

/* Fills error (NULL is allowed) and returns code, so that a failing step is one statement. The
 * arguments may point into the error itself. */
int tether__fail(tether_error *error, int code, int os_error, const char *step, const char *format,
                 ...) TETHER__PRINTF(5, 6);

/* The same for exhausted memory. */
int tether__fail_memory(tether_error *error, const char *step);

#endif
