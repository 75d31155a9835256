/* What is left of a task's output at one moment, as one sequence of bytes in the order in which the
 * task wrote them. */
#ifndef TETHER_CLI_OUTPUT_VIEW_H
#define TETHER_CLI_OUTPUT_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether.h"

#include "cli/output_request.h"

typedef struct output_piece {
    tether_stream stream;
    uint64_t offset; /* in the stream */
    uint64_t size;
    uint64_t place; /* the bytes of the view before it */
    int64_t time;   /* Unix milliseconds */
} output_piece;

typedef struct output_view {
    tether_registry *registry;
    const char *task_id;
    output_piece *pieces; /* those that are shown; the first may begin within one of the task's */
    size_t count;
    uint64_t total;   /* bytes */
    uint64_t next[2]; /* the offset in each stream behind the last piece; where a shown stream goes
                         on */
    bool changed;     /* a file was truncated, or bytes were dropped, since it was measured */
} output_view;

/* Measures the shown streams, and finds what has to be shown of them, for --tail, --bytes and
 * --since. Returns false and sets *error on failure. Call output_view_free afterwards. */
bool output_view_find(const output_request *request, output_view *view, tether_error *error);

/* Drops what is before an offset of the only shown stream. Returns false if the byte there was
 * dropped; *left is then the next one that is left. An offset past the end is allowed. */
bool output_view_start_at(output_view *view, uint64_t offset, uint64_t *left);

void output_view_free(output_view *view);

#endif
