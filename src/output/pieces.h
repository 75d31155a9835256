/* What is left of a task's outputs, as pieces in the order in which they were written, as far as
 * that is known. One thread at a time per object. */
#ifndef TETHER_OUTPUT_PIECES_H
#define TETHER_OUTPUT_PIECES_H

#include <stddef.h>
#include <stdint.h>

#include "output/stream.h"

typedef struct tether__piece {
    tether_stream stream;
    uint64_t offset; /* in the stream */
    uint64_t size;   /* more than 0 */
    uint64_t place;  /* the sum of the sizes of the pieces before it */
    int64_t time_ms; /* Unix time, by the wall clock, by which it was written */
} tether__piece;

typedef struct tether__pieces {
    tether__output part[2]; /* the streams of the view, open and measured */
    tether__piece *items;
    size_t count;
    uint64_t total; /* the sum of all sizes */
} tether__pieces;

/* Opens the streams of a view. Call tether__pieces_close afterwards, even after a failure. The
 * caller holds no lock. */
int tether__pieces_open(tether_registry *registry, const char *task_id, tether_view view,
                        tether__pieces *pieces, tether_error *error);

/* Reads up to `size` bytes at a place, from one piece. TETHER_EDROPPED if they were dropped since;
 * *got is 0 at the end, and if the task has truncated the file since. */
int tether__pieces_read(const tether__pieces *pieces, uint64_t place, void *buffer, size_t size,
                        size_t *got, tether_error *error);

/* Returns whether the byte at a place is the first that the task wrote to a stream. No character
 * can be cut there. */
bool tether__pieces_is_first_byte(const tether__pieces *pieces, uint64_t place);

void tether__pieces_close(tether__pieces *pieces);

#endif
