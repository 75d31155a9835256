/* Owns the arithmetic of the gap that an output limit makes.
 * Must not: know of files.
 * Thread: any. */
#include "format/gap.h"

/* A quarter of the limit shows how the task began, in whole blocks of a disk; the rest shows what
 * came last. */
enum { BLOCK = 4096, PARTS = 4 };

tether__gap tether__gap_within(uint64_t limit, uint64_t size)
{
    uint64_t first = limit / PARTS / BLOCK * BLOCK, last = limit - first;
    tether__gap gap = {first, first};
    if (limit > 0 && size > limit)
        gap.end = size - last;
    return gap;
}
