/* Owns the ring buffer.
 * Must not: read files.
 * Thread: one at a time per ring. */
#include "base/ring.h"

#include <stdlib.h>
#include <string.h>

tether__ring *tether__ring_new(size_t capacity)
{
    tether__ring *ring = calloc(1, sizeof *ring + capacity);
    if (ring != NULL)
        ring->capacity = capacity;
    return ring;
}

void tether__ring_add(tether__ring *ring, const char *bytes, size_t size)
{
    if (size > ring->capacity) {
        bytes += size - ring->capacity;
        size = ring->capacity;
    }
    size_t first = ring->capacity - ring->end;
    if (first > size)
        first = size;
    memcpy(ring->bytes + ring->end, bytes, first);
    memcpy(ring->bytes, bytes + first, size - first);
    ring->end = (ring->end + size) % ring->capacity;
    ring->used = ring->used + size < ring->capacity ? ring->used + size : ring->capacity;
}

size_t tether__ring_copy(const tether__ring *ring, char *buffer, size_t size)
{
    size_t count = size < ring->used ? size : ring->used;
    size_t start = (ring->end + ring->capacity - count) % ring->capacity;
    size_t first = ring->capacity - start < count ? ring->capacity - start : count;
    memcpy(buffer, ring->bytes + start, first);
    memcpy(buffer + first, ring->bytes, count - first);
    return count;
}
