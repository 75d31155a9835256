/* Owns the growth of arrays whose final size is not known.
 * Must not: know what the items are.
 * Thread: any. */
#include "base/grow.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 16 };

bool tether__grow(void **items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity == 0 ? FIRST_CAPACITY : *capacity * 2;
    void *larger = realloc(*items, wanted * size);
    if (larger == NULL)
        return false;
    *items = larger;
    *capacity = wanted;
    return true;
}
