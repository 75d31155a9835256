/* The output of the child's verb "flood". */
#ifndef TETHER_TEST_FLOOD_H
#define TETHER_TEST_FLOOD_H

#include <stdint.h>

/* The pattern starts again every so many bytes. */
#define FLOOD_BLOCK 65536

/* The byte at an offset. */
static inline char flood_byte(uint64_t offset)
{
    return (char)('a' + offset % FLOOD_BLOCK % 26);
}

#endif
