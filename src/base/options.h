/* Option structs that grow: each begins with its size, and what a caller's version does not have is
 * zero. Pure. */
#ifndef TETHER_OPTIONS_H
#define TETHER_OPTIONS_H

#include <stddef.h>

/* Fills options, of `size` bytes as this version knows them, from the caller's (NULL: all zero),
 * whose first member is a size_t: its own size, or 0 for the fields of version 0.1. */
void tether__options_take(const void *given, void *options, size_t size);

#endif
