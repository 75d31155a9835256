/* Owns the growth of arrays whose final size is not known.
 * Must not: know what the items are.
 * Thread: any. */
#include "base/grow.h"

#include <stdlib.h>

enum { FIRST_ROOM = 16 };

bool tether__grow(void **items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return true;
    size_t wanted = *room == 0 ? FIRST_ROOM : *room * 2;
    void *larger = realloc(*items, wanted * size);
    if (larger == NULL)
        return false;
    *items = larger;
    *room = wanted;
    return true;
}
