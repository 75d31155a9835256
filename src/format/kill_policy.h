/* How a kill goes: polite signal, grace, final signal, proof. Pure: the caller sends and looks. */
#ifndef TETHER_KILL_POLICY_H
#define TETHER_KILL_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TETHER__KILL_GRACE_MS 2000
#define TETHER__KILL_PATIENCE_MS 5000

typedef enum tether__kill_action {
    TETHER__KILL_SEND_POLITE,
    TETHER__KILL_INSPECT, /* count the members, then ask again */
    TETHER__KILL_SEND_FINAL,
    TETHER__KILL_DONE,
    TETHER__KILL_STUCK /* members survive the final signal: somebody must be told; it may be asked
                          again later */
} tether__kill_action;

typedef struct tether__kill {
    int64_t grace_ms;
    int64_t grace_end;    /* 0: the polite signal was not sent yet */
    int64_t patience_end; /* 0: the final signal was not sent yet */
    int64_t next_ms;      /* when to ask again */
    int64_t pause_ms;
} tether__kill;

/* Starts a kill that is to be asked at once. grace_ms as in tether_kill_options. */
void tether__kill_start(tether__kill *kill, int64_t grace_ms, int64_t now_ms);

/* The polite signal reaches nobody here: the grace is over, and the next answer is the final one.
 */
void tether__kill_skip_grace(tether__kill *kill, int64_t now_ms);

/* What to do now; `members` is how many live processes were counted last, or 1 where nobody has
 * counted. */
tether__kill_action tether__kill_next(tether__kill *kill, size_t members, int64_t now_ms);

#endif
