/* Option structs grow from version to version. Each begins with its size; fields that the caller's
 * version does not have are zero. Pure; any thread. */
#ifndef TETHER_OPTIONS_H
#define TETHER_OPTIONS_H

#include <stddef.h>

/* Copies the caller's options `given` (NULL: all zero) into `options`, which has `size` bytes in
 * this version. The first member of *given is a size_t: the size of the caller's struct, or 0 for
 * the fields of version 0.1. */
void tether__options_take(const void *given, void *options, size_t size);

#endif
