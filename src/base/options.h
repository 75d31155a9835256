/* Structs that cross the library's boundary grow from version to version. Each begins with its
 * size, a size_t, so that callers built against another version keep working. Pure; any thread. */
#ifndef TETHER_OPTIONS_H
#define TETHER_OPTIONS_H

#include <stddef.h>

#include "tether/error.h"

/* Copies the caller's struct `given` (NULL: all zero) into `options`, which has `size` bytes in
 * this version. Fields that the caller's version does not have become zero.
 *
 * `earlier` lists the sizes that earlier versions had, the first one first and 0 last; NULL: there
 * were none. A given size of 0 stands for the first version.
 *
 * A larger size is that of a newer caller, whose further fields are ignored.
 *
 * Errors: TETHER_EINVAL for a size that no version had; `what` names the struct in the message. */
int tether__options_take(const void *given, void *options, size_t size, const size_t *earlier,
                         const char *what, tether_error *error);

/* Copies a result of `size` bytes into the caller's struct, as far as the caller's version knows
 * it; its size member stays. NULL is allowed. `given` has passed tether__options_take. */
void tether__options_give(void *given, const void *result, size_t size, const size_t *earlier);

#endif
