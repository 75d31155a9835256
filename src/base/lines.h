/* Takes a stream that comes in pieces apart into its lines, with bounded memory. Pure; one thread at
 * a time per stream. */
#ifndef TETHER_LINES_H
#define TETHER_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

typedef struct tether__line {
    uint64_t offset;  /* of its first byte in the stream */
    const char *text; /* not NUL-terminated; NULL: the line is longer than the limit */
    size_t size;      /* without the newline; 0 if the line is longer than the limit */
} tether__line;

/* Receives each line when its newline has come. `text` is valid during the call only. */
typedef void tether__line_visitor(void *context, const tether__line *line);

/* Begins as {.limit = L}: the longest line in bytes that is handed out. */
typedef struct tether__lines {
    size_t limit;
    tether__text begun; /* of the line whose newline has not come yet, unless it is too long */
    bool too_long;      /* that line is longer than the limit */
    uint64_t begin;     /* offset of that line: all before it are complete */
    uint64_t next;      /* offset of the next byte to feed */
} tether__lines;

/* Feeds the next bytes of the stream. Returns false when memory is short: the stream is then to be
 * read again from `begin`, after a reset. Lines that were visited before are complete. */
bool tether__lines_feed(tether__lines *lines, const char *bytes, size_t size,
                        tether__line_visitor *visit, void *context);

/* Forgets the line that has begun, and continues at the offset where it begins. */
void tether__lines_reset(tether__lines *lines);

/* Whether the stream ends in a line without its newline. */
bool tether__lines_torn(const tether__lines *lines);

/* Frees the memory. */
void tether__lines_dispose(tether__lines *lines);

#endif
