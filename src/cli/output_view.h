/* The output of a task at one moment, as one sequence of bytes: standard output, then standard
 * error. */
#ifndef TETHER_CLI_OUTPUT_VIEW_H
#define TETHER_CLI_OUTPUT_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "tether.h"

#include "cli/output_request.h"

/* A stream that is not shown has size 0. */
typedef struct output_view {
    tether_registry *registry;
    const char *task_id;
    uint64_t first[2]; /* offset of the first byte that the output limit has not dropped */
    uint64_t size[2];  /* bytes from there to the end */
    bool shorter;      /* the task has truncated a file since it was measured */
} output_view;

/* Measures the shown streams, and finds where each of them has to be shown from, for --tail and
 * --bytes. Returns false and sets *error on failure. */
bool output_view_find(const output_request *request, output_view *view, uint64_t offset[2],
                      tether_error *error);

#endif
