/* The verdict on a task: what follows from its record, its marker and its lifeline. Pure, so that
 * every combination is tested without a process. protocol.pml is the model; docs/design.md tells it
 * in words. */
#ifndef TETHER_VERDICT_H
#define TETHER_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "format/marker.h"
#include "format/record.h"

/* Whether somebody holds the lifeline; UNKNOWN where the file system has no locks. */
typedef enum tether__holding {
    TETHER__FREE,
    TETHER__HELD,
    TETHER__HOLDING_UNKNOWN
} tether__holding;

/* What was seen, in this order: the holding first, the marker after it. */
typedef struct tether__observation {
    tether__holding holding;
    tether__liveness alive; /* the supervisor by its identity; UNKNOWN where that is not known */
    tether__marker marker;
    bool same_boot;     /* the task was started during this boot, as far as is known */
    bool tree_empty;    /* no live process of the task; looked at for killing tasks only */
    bool replay;        /* the host opens the session right now */
    int64_t silence_ms; /* since the last sign of life; for tasks that cannot be verified */
    bool tells_signals; /* its supervisor can tell a signal from an exit with 128 + N */
    int signal_polite;  /* what a kill sends here */
    int signal_final;
} tether__observation;

typedef enum tether__step {
    TETHER__STEP_NONE,        /* nothing has changed */
    TETHER__STEP_RUN,         /* starting -> running: the supervisor has said who it is */
    TETHER__STEP_RESUME_KILL, /* a killing task still lives: somebody has to go on */
    TETHER__STEP_FINALISE     /* it has ended, as told below */
} tether__step;

typedef struct tether__verdict {
    tether__step step;
    tether_status status;
    int64_t exit_code;
    int signal;
    const char *reason; /* static; NULL: none */
} tether__verdict;

/* Silence after which a task that nothing can verify is lost. */
#define TETHER__SILENCE_LIMIT_MS ((int64_t)24 * 60 * 60 * 1000)

tether__verdict tether__verdict_reach(tether_status status, tether__intent intent,
                                      const tether__observation *observed);

/* How long a task ran. The two clocks agree unless somebody set the wall clock: then the exact
 * difference by the wall is right, else the one by uptime, which supervisors know to 10 ms only. -1
 * where nothing is known. */
int64_t tether__duration(int64_t wall_start, int64_t wall_end, int64_t uptime_start,
                         int64_t uptime_end);

/* The same for an end of which only the file's time is known, such as one that cmd has written, and
 * that is seen now, in the boot of the start. A wall clock that has gone on with the uptime since
 * the start was right at the end too; else the end is as late as it can be: now. */
int64_t tether__duration_seen(int64_t wall_start, int64_t wall_end, int64_t wall_now,
                              int64_t uptime_start, int64_t uptime_now);

#endif
