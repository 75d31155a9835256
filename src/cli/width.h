/* How many columns a character takes on a terminal. Pure. */
#ifndef TETHER_CLI_WIDTH_H
#define TETHER_CLI_WIDTH_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0, 1 or 2. Control characters count as 1: escape.h replaces them. */
size_t width_of(uint32_t character);

#endif
