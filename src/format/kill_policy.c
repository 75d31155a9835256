/* Owns the timing of kills.
 * Must not: send a signal or look at a clock.
 * Thread: any, one kill at a time. */
#include "format/kill_policy.h"

enum { FIRST_PAUSE_MS = 1, LAST_PAUSE_MS = 50, STUCK_PAUSE_MS = 1000 };

void tether__kill_start(tether__kill *kill, int64_t grace_ms, int64_t now_ms)
{
    *kill = (tether__kill){
        .grace_ms = grace_ms == 0  ? TETHER__KILL_GRACE_MS
                    : grace_ms < 0 ? 0
                                   : grace_ms,
        .next_ms = now_ms,
        .pause_ms = FIRST_PAUSE_MS,
    };
}

/* Looks come quickly at first, since most processes end at once, then rarely. */
static void schedule(tether__kill *kill, int64_t now_ms, int64_t latest_ms)
{
    kill->next_ms = now_ms + kill->pause_ms;
    if (kill->next_ms > latest_ms)
        kill->next_ms = latest_ms;
    kill->pause_ms = kill->pause_ms * 2 < LAST_PAUSE_MS ? kill->pause_ms * 2 : LAST_PAUSE_MS;
}

void tether__kill_skip_grace(tether__kill *kill, int64_t now_ms)
{
    kill->grace_end = now_ms;
    kill->next_ms = now_ms;
}

tether__kill_action tether__kill_next(tether__kill *kill, size_t members, int64_t now_ms)
{
    if (members == 0)
        return TETHER__KILL_DONE;
    if (kill->grace_end == 0 && kill->grace_ms > 0) {
        kill->grace_end = now_ms + kill->grace_ms;
        schedule(kill, now_ms, kill->grace_end);
        return TETHER__KILL_SEND_POLITE;
    }
    if (kill->patience_end == 0 && now_ms < kill->grace_end) {
        schedule(kill, now_ms, kill->grace_end);
        return TETHER__KILL_INSPECT;
    }
    if (kill->patience_end == 0) {
        kill->patience_end = now_ms + TETHER__KILL_PATIENCE_MS;
        kill->pause_ms = FIRST_PAUSE_MS;
    } else if (now_ms >= kill->patience_end) {
        kill->next_ms = now_ms + STUCK_PAUSE_MS;
        return TETHER__KILL_STUCK;
    }
    /* Sent again each time: what was forked after the last listing is reached by the next. */
    schedule(kill, now_ms, kill->patience_end);
    return TETHER__KILL_SEND_FINAL;
}
