/* Owns the ring of bytes.
 * Must not: read files.
 * Thread: one at a time. */
#include "base/ring.h"

#include <stdlib.h>
#include <string.h>

tether__ring *tether__ring_new(size_t room)
{
    tether__ring *ring = calloc(1, sizeof *ring + room);
    if (ring != NULL)
        ring->room = room;
    return ring;
}

void tether__ring_add(tether__ring *ring, const char *bytes, size_t size)
{
    if (size > ring->room) {
        bytes += size - ring->room;
        size = ring->room;
    }
    size_t first = ring->room - ring->end;
    if (first > size)
        first = size;
    memcpy(ring->bytes + ring->end, bytes, first);
    memcpy(ring->bytes, bytes + first, size - first);
    ring->end = (ring->end + size) % ring->room;
    ring->used = ring->used + size < ring->room ? ring->used + size : ring->room;
}

size_t tether__ring_copy(const tether__ring *ring, char *buffer, size_t size)
{
    size_t count = size < ring->used ? size : ring->used;
    size_t start = (ring->end + ring->room - count) % ring->room;
    size_t first = ring->room - start < count ? ring->room - start : count;
    memcpy(buffer, ring->bytes + start, first);
    memcpy(buffer + first, ring->bytes, count - first);
    return count;
}
