/* Fills the caller's error struct. Pure; any thread. */
#ifndef TETHER_ERROR_INTERNAL_H
#define TETHER_ERROR_INTERNAL_H

#include "tether/error.h"

/* The build overrides this where the C library has several printf variants, as MinGW does. */
#ifndef TETHER__PRINTF_KIND
#define TETHER__PRINTF_KIND printf
#endif
#ifdef __GNUC__
#define TETHER__PRINTF(place, first) __attribute__((format(TETHER__PRINTF_KIND, place, first)))
#else
#define TETHER__PRINTF(place, first)
#endif

/* Fills *error (error may be NULL) and returns code, so that a caller can fail in one statement.
 * The arguments may point into *error. */
int tether__fail(tether_error *error, int code, int os_error, const char *step, const char *format,
                 ...) TETHER__PRINTF(5, 6);

/* Copies a failure into the caller's struct, as far as the caller's version knows it; its size
 * member stays. error may be NULL. */
void tether__error_set(tether_error *error, const tether_error *failure);

/* Reports that memory is exhausted: fills *error and returns TETHER_ENOMEM. */
int tether__fail_memory(tether_error *error, const char *step);

#endif
