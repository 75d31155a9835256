/* Copies a task's output while it grows: shared by "run --wait" and "output --follow". */
#ifndef TETHER_CLI_FOLLOW_H
#define TETHER_CLI_FOLLOW_H

#include <stdint.h>

#include "tether.h"

#include "cli/output_sink.h"
#include "cli/stream.h"

typedef enum follow_result {
    FOLLOW_ENDED,       /* the task has ended and its output was copied completely */
    FOLLOW_TIMED_OUT,   /* the timeout passed before the task ended */
    FOLLOW_FAILED,      /* *error says why */
    FOLLOW_WRITE_FAILED /* writing to standard output or standard error failed */
} follow_result;

typedef struct cli_follow {
    tether_registry *registry;
    const char *task_id;
    cli_stream *to[2];  /* indexed by tether_stream; NULL: do not copy this stream */
    uint64_t offset[2]; /* where to start reading; advances as bytes are written out */
    uint64_t untold[2]; /* bytes that were dropped, and not told yet */
    uint64_t next_tell; /* the moment from which that may be told; 0: now */
    output_sink *sink;  /* gets the bytes instead; `to` says only which streams. NULL: none */
} cli_follow;

/* Copies new bytes in the order in which the two files grow, until the task has ended, or
 * nobody reads standard output any more (see reader.h): FOLLOW_FAILED. Goes on from the start of a
 * file that the task truncates, and tells so. For a task
 * that has ended already, copies standard output, then standard error. timeout_ms -1: no limit. */
follow_result follow_task(cli_follow *follow, int64_t timeout_ms, tether_error *error);

/* Copies [*offset, end) of one stream; stops earlier at the end of the file. Begins again at its
 * start if the task truncates it meanwhile. Call follow_tell_rest after the last call. */
follow_result follow_copy(cli_follow *follow, tether_stream stream, uint64_t end,
                          tether_error *error);

/* Tells what of the dropped bytes was not told yet. follow_task does so itself. */
void follow_tell_rest(cli_follow *follow);

#endif
