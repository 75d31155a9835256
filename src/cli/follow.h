/* Following a task's output while it grows: the part that "run --wait" and "output --follow"
 * share. */
#ifndef TETHER_CLI_FOLLOW_H
#define TETHER_CLI_FOLLOW_H

#include <stdint.h>

#include "tether.h"

#include "cli/stream.h"

typedef enum follow_result {
    FOLLOW_ENDED,       /* the task ended, and all that it had written by then is written out */
    FOLLOW_WAIT_OVER,   /* the time was over first */
    FOLLOW_FAILED,      /* *error says why */
    FOLLOW_WRITE_FAILED /* one of the streams of our own failed */
} follow_result;

typedef struct cli_follow {
    tether_registry *registry;
    const char *task_id;
    cli_stream *to[2];  /* by tether_stream; NULL: that one is not shown */
    uint64_t offset[2]; /* from where on; moved on as bytes are written out */
} cli_follow;

/* Copies new bytes, in the order in which the files grow, until the task has ended. A task that has
 * ended gives standard output, then standard error. timeout_ms: -1 waits for ever. */
follow_result follow_task(cli_follow *follow, int64_t timeout_ms, tether_error *error);

/* Copies [*offset, end) of one stream, or up to the end of what is there. */
follow_result follow_copy(cli_follow *follow, tether_stream stream, uint64_t end,
                          tether_error *error);

#endif
