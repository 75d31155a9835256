/* The steps of a kill: polite signal, grace period, final signal, and the proof that no process is
 * left. Pure: the caller sends the signals and counts the processes. */
#ifndef TETHER_KILL_POLICY_H
#define TETHER_KILL_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TETHER__KILL_GRACE_MS 2000
/* A kill is stuck when as many final signals as this have had no effect, for as long as this, or
 * when it takes longer than the limit after the grace. Time alone says little: on a busy machine it
 * can take seconds to list the processes of a large task once. */
#define TETHER__KILL_TRIES 4
#define TETHER__KILL_PATIENCE_MS 5000
#define TETHER__KILL_LIMIT_MS 60000

typedef enum tether__kill_action {
    TETHER__KILL_SEND_POLITE,
    TETHER__KILL_INSPECT, /* count the members, then call tether__kill_next again */
    TETHER__KILL_SEND_FINAL,
    TETHER__KILL_DONE,
    TETHER__KILL_STUCK /* members survive the final signal: report that; the kill may go on later */
} tether__kill_action;

typedef struct tether__kill {
    int64_t grace_ms;
    int64_t grace_end;    /* 0: neither signal was due yet */
    int64_t patience_end; /* 0: the final signal was not sent yet */
    int64_t next_ms;      /* when to call tether__kill_next again */
    uint32_t reached;     /* how many processes the last final signal was for */
    uint8_t interval_ms;
    uint8_t tries;     /* final signals since the kill last got on; at most TETHER__KILL_TRIES */
    bool polite_again; /* the polite signal could not be sent yet: it is due again */
} tether__kill;

/* Starts a kill whose first step is due at once. grace_ms as in tether_kill_options. */
void tether__kill_start(tether__kill *kill, int64_t grace_ms, int64_t now_ms);

/* Makes the polite signal due again at the next step of the grace period, because the task has not
 * started its command yet. */
void tether__kill_postpone_polite(tether__kill *kill);

/* Ends the grace period now, because the polite signal reached no process: the next step is the
 * final signal. */
void tether__kill_skip_grace(tether__kill *kill, int64_t now_ms);

/* Ends the grace period at most grace_ms (not negative) from now, because somebody asked for this
 * kill again, with a shorter grace. Never makes it longer. */
void tether__kill_shorten_grace(tether__kill *kill, int64_t grace_ms, int64_t now_ms);

/* Notes how many processes the final signal was for that has just been sent. Fewer than the last
 * time: the kill gets on, and tries and patience begin again, within the limit. */
void tether__kill_reached(tether__kill *kill, size_t members, int64_t now_ms);

/* Returns whether a supervisor that leaves by itself should have left: it is a while since a final
 * signal first had no effect. */
bool tether__kill_is_late(const tether__kill *kill, int64_t now_ms);

/* Returns what to do now, and schedules the next step in kill->next_ms. `members` is the last count
 * of the task's live processes, or 1 before the first count. */
tether__kill_action tether__kill_next(tether__kill *kill, size_t members, int64_t now_ms);

#endif
