/* The verdict on a task: the state that follows from its record, its marker and its lifeline.
 * docs/design.md explains the protocol, and docs/model/task.pml models it. Pure, so that the tests
 * cover every combination without a process; any thread. */
#ifndef TETHER_VERDICT_H
#define TETHER_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "format/marker.h"
#include "format/record.h"

/* Whether a process holds the lifeline. UNKNOWN: the file system has no locks, or the probe failed.
 */
typedef enum tether__holding {
    TETHER__FREE,
    TETHER__HELD,
    TETHER__HOLDING_UNKNOWN
} tether__holding;

/* What a host that has pinned the command knows of it, after the death of its supervisor. */
typedef enum tether__witnessed {
    TETHER__WITNESSED_NOTHING, /* nothing is known, and nothing will be */
    TETHER__WITNESSED_LIFE,    /* it runs, or how it ended is not told yet */
    TETHER__WITNESSED_EXIT,
    TETHER__WITNESSED_SIGNAL
} tether__witnessed;

/* What an inspection of a task has found. The caller probes the lifeline before it reads the
 * marker: if the lifeline is free by then, the marker has all that the supervisor wrote. */
typedef struct tether__observation {
    tether__holding holding;
    tether__liveness alive; /* of the supervisor; UNKNOWN where its identity is not known */
    tether__marker marker;
    tether__witnessed witnessed; /* NOTHING also where nobody has pinned the command */
    int witnessed_value;         /* the exit code or the signal */
    bool witnessed_core;         /* the signal has left a core file */
    bool same_boot;  /* the task was started during this boot, as far as that is known */
    bool tree_empty; /* the task has no live process; valid only while it is being killed */
    bool replay;     /* the host is opening the session */
    int64_t supervisor_seen_ms; /* the latest uptime at which the supervisor was alive, by this
                                   observation; 0: not known */
    int64_t silence_ms; /* time since the last sign of life; for tasks that cannot be verified */
    /* The supervisor distinguishes a signal N from an exit with 128 + N. */
    bool distinguishes_signals;
    int signal_polite; /* the signals of a kill on this platform */
    int signal_final;
    int64_t polite_code; /* the exit code of a program that the polite signal has ended, where the
                            platform has one of its own; 0: none */
} tether__observation;

typedef enum tether__step {
    TETHER__STEP_NONE,        /* nothing has changed */
    TETHER__STEP_RUN,         /* starting -> running: the marker holds the supervisor's identity */
    TETHER__STEP_RESUME_KILL, /* the task is being killed and still lives: a host must carry on */
    TETHER__STEP_FINALISE     /* the task has ended: the other members of the verdict say how */
} tether__step;

typedef struct tether__verdict {
    tether__step step;
    tether_status status;
    int64_t exit_code;
    int signal;
    const char *reason; /* static; NULL: none */
    bool names_anchor;  /* the reason goes on with what the task was to run beside */
} tether__verdict;

/* A task becomes lost after this time without a sign of life, where neither its lifeline nor its
 * supervisor can be probed. */
#define TETHER__SILENCE_LIMIT_MS ((int64_t)24 * 60 * 60 * 1000)

/* Returns what the observation means for a task whose record has this status and kill intent. */
tether__verdict tether__verdict_reach(tether_status status, tether__intent intent,
                                      const tether__observation *observed);

/* Returns whether the status and the reason of a task say that its command never began. False: it
 * may have. */
bool tether__verdict_is_unbegun(tether_status status, const char *reason);

/* Returns whether a witness of the command's end could say more: its supervisor is gone without a
 * word about an end. */
bool tether__verdict_wants_witness(const tether__observation *observed);

/* Returns how long a task ran, in milliseconds; -1 where that is not known. A time of 0 or less
 * counts as not known. If both clocks agree, the result is the difference by the wall clock, which
 * is exact. If they differ, the wall clock was set, and the result is the difference by uptime,
 * which supervisors know to 10 ms only. */
int64_t tether__duration(int64_t wall_start, int64_t wall_end, int64_t uptime_start,
                         int64_t uptime_end);

/* Returns the same for a task that has ended in the boot in which it started, where the marker has
 * no uptime (as from cmd), and only its modification time, wall_end, shows when the task ended. If
 * the wall clock has advanced with the uptime from the start until now, it was right at the end
 * too. Otherwise the result assumes the latest possible end: now. */
int64_t tether__duration_seen(int64_t wall_start, int64_t wall_end, int64_t wall_now,
                              int64_t uptime_start, int64_t uptime_now);

#endif
