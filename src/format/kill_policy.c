/* Owns the timing of kills.
 * Must not: send a signal or read a clock.
 * Thread: any, one kill at a time. */
#include "format/kill_policy.h"

enum { FIRST_INTERVAL_MS = 1, LAST_INTERVAL_MS = 50, STUCK_INTERVAL_MS = 1000, LATE_MS = 1000 };

void tether__kill_start(tether__kill *kill, int64_t grace_ms, int64_t now_ms)
{
    *kill = (tether__kill){
        .grace_ms = grace_ms == 0  ? TETHER__KILL_GRACE_MS
                    : grace_ms < 0 ? 0
                                   : grace_ms,
        .next_ms = now_ms,
        .interval_ms = FIRST_INTERVAL_MS,
    };
}

/* Polls fast at first, since most processes end at once, and then backs off. */
static void schedule(tether__kill *kill, int64_t now_ms, int64_t latest_ms)
{
    kill->next_ms = now_ms + kill->interval_ms;
    if (kill->next_ms > latest_ms)
        kill->next_ms = latest_ms;
    int twice = kill->interval_ms * 2;
    kill->interval_ms = (uint8_t)(twice < LAST_INTERVAL_MS ? twice : LAST_INTERVAL_MS);
}

void tether__kill_postpone_polite(tether__kill *kill)
{
    kill->polite_again = true;
}

void tether__kill_skip_grace(tether__kill *kill, int64_t now_ms)
{
    kill->grace_end = now_ms;
    kill->next_ms = now_ms;
}

void tether__kill_shorten_grace(tether__kill *kill, int64_t grace_ms, int64_t now_ms)
{
    if (kill->grace_end == 0 && kill->grace_ms > grace_ms)
        kill->grace_ms = grace_ms;
    else if (kill->grace_end > now_ms + grace_ms)
        kill->grace_end = now_ms + grace_ms;
}

static int64_t limit_of(const tether__kill *kill)
{
    return kill->grace_end + TETHER__KILL_LIMIT_MS;
}

void tether__kill_reached(tether__kill *kill, size_t members, int64_t now_ms)
{
    int64_t end = now_ms + TETHER__KILL_PATIENCE_MS, limit = limit_of(kill);
    if (kill->tries == 0 || members < kill->reached) {
        kill->tries = 1;
        kill->patience_end = end < limit ? end : limit;
    } else if (kill->tries < TETHER__KILL_TRIES) {
        kill->tries++;
    }
    kill->reached = members < UINT32_MAX ? (uint32_t)members : UINT32_MAX;
}

static bool is_stuck(const tether__kill *kill, int64_t now_ms)
{
    return now_ms >= limit_of(kill) ||
           (now_ms >= kill->patience_end && kill->tries >= TETHER__KILL_TRIES);
}

bool tether__kill_is_late(const tether__kill *kill, int64_t now_ms)
{
    return kill->patience_end != 0 &&
           now_ms >= kill->patience_end - TETHER__KILL_PATIENCE_MS + LATE_MS;
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
        if (!kill->polite_again)
            return TETHER__KILL_INSPECT;
        kill->polite_again = false;
        return TETHER__KILL_SEND_POLITE;
    }
    if (kill->patience_end == 0) {
        kill->grace_end = now_ms;
        kill->patience_end = now_ms + TETHER__KILL_PATIENCE_MS;
        kill->interval_ms = FIRST_INTERVAL_MS;
    } else if (is_stuck(kill, now_ms)) {
        kill->next_ms = now_ms + STUCK_INTERVAL_MS;
        return TETHER__KILL_STUCK;
    }
    /* Repeats the signal each time, to reach processes that were forked after the last listing. */
    schedule(kill, now_ms, now_ms < kill->patience_end ? kill->patience_end : limit_of(kill));
    return TETHER__KILL_SEND_FINAL;
}
