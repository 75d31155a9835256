/* A ring buffer that holds the last bytes of a task's output. Pure; one thread at a time per ring.
 */
#ifndef TETHER_RING_H
#define TETHER_RING_H

#include <stddef.h>
#include <stdint.h>

typedef struct tether__ring {
    size_t capacity;
    size_t used;
    size_t end;            /* index at which the next byte is stored */
    uint64_t next_byte[2]; /* for stdout and stderr: offset of the next byte to add; kept by users
                              of the ring */
    char bytes[];
} tether__ring;

/* Returns an empty ring of `capacity` bytes, or NULL when out of memory. Free it with free(). */
tether__ring *tether__ring_new(size_t capacity);

/* Appends bytes and overwrites the oldest ones when the ring is full. */
void tether__ring_add(tether__ring *ring, const char *bytes, size_t size);

/* Copies at most size of the newest bytes, oldest first, and returns how many it copied. */
size_t tether__ring_copy(const tether__ring *ring, char *buffer, size_t size);

#endif
