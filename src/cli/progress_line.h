/* The status line of a verb that waits, as text. */
#ifndef TETHER_CLI_PROGRESS_LINE_H
#define TETHER_CLI_PROGRESS_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "cli/stream.h"

/* More of a name or command than a line can show. */
#define PROGRESS_LABEL_SIZE 512

typedef struct progress_state {
    const char *doing;  /* "waiting" */
    int64_t elapsed_ms; /* since it began */
    size_t total;       /* tasks that are waited for; 0: not known, or one only: not shown */
    size_t ended;       /* so many of them */
    const char *limit;  /* what comes when the time is over: "deadline"; NULL: nothing */
    int64_t limit_ms;   /* the time that is left until then */
    char label[PROGRESS_LABEL_SIZE]; /* of a task that runs, as the task's author wrote it; "": none
                                      */
    size_t more;                     /* others that run too */
} progress_state;

/* Writes the line, without a line end, in at most these columns. Control characters are replaced.
 */
void progress_line_write(cli_stream *to, const progress_state *state, size_t columns);

#endif
