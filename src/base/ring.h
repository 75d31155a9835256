/* A ring of the last bytes of a task's output. Pure; one thread at a time. */
#ifndef TETHER_RING_H
#define TETHER_RING_H

#include <stddef.h>
#include <stdint.h>

typedef struct tether__ring {
    size_t room;
    size_t used;
    size_t end;            /* where the next byte goes */
    uint64_t next_byte[2]; /* of each output, to be added next */
    char bytes[];
} tether__ring;

/* NULL when memory is short. Freed with free(). */
tether__ring *tether__ring_new(size_t room);

/* Adds bytes; of more than fit, the last stay. */
void tether__ring_add(tether__ring *ring, const char *bytes, size_t size);

/* Copies the newest bytes, at most size, oldest first; how many. */
size_t tether__ring_copy(const tether__ring *ring, char *buffer, size_t size);

#endif
