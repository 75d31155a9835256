/* Owns the rules for ages, and for when the wall clock is believed.
 * Must not: read a clock or the disk.
 * Thread: any. */
#include "format/age.h"

#include <string.h>

bool tether__same_boot(const char *boot_id, const char *other)
{
    return boot_id[0] != '\0' && strcmp(boot_id, other) == 0;
}

/* Returns whether the wall clock can have gone from `before` to `now` without being set. During one
 * boot it must advance with the uptime. Across boots the time for which the machine was off is not
 * known, but a clock that was reset to its epoch or to the far future is detected. */
static bool follows(const tether__moment *now, const tether__moment *before)
{
    int64_t passed = now->wall_ms - before->wall_ms;
    if (!tether__same_boot(now->boot_id, before->boot_id))
        return passed >= -TETHER__CLOCK_SLACK_MS && passed <= TETHER__CLOCK_LEAP_MS;
    int64_t apart = passed - (now->uptime_ms - before->uptime_ms);
    return apart >= -TETHER__CLOCK_SLACK_MS && apart <= TETHER__CLOCK_SLACK_MS;
}

static void believe(tether__clock_history *history, const tether__moment *now)
{
    *history = (tether__clock_history){.believed = *now};
}

bool tether__clock_judge(tether__clock_history *history, const tether__moment *now)
{
    if (history->believed.wall_ms != 0 && follows(now, &history->believed)) {
        believe(history, now);
        return true;
    }
    if (history->doubted.wall_ms == 0 || !follows(now, &history->doubted))
        history->doubted_since = now->wall_ms;
    history->doubted = *now;
    if (now->wall_ms - history->doubted_since < TETHER__CLOCK_DOUBT_MS)
        return false;
    believe(history, now);
    return true;
}

int64_t tether__age(const tether__moment *then, const tether__moment *now, bool believed)
{
    int64_t age;
    if (then->uptime_ms > 0 && tether__same_boot(then->boot_id, now->boot_id))
        age = now->uptime_ms - then->uptime_ms;
    else if (believed && then->wall_ms > 0)
        age = now->wall_ms - then->wall_ms;
    else
        return TETHER__AGE_UNKNOWN;
    return age > 0 ? age : 0;
}

void tether__end_moment(const tether__record *record, tether__moment *end)
{
    *end =
        (tether__moment){.wall_ms = record->finished_at, .uptime_ms = record->finished_uptime_ms};
    if (end->uptime_ms <= 0 && record->started_uptime_ms > 0 && record->duration_ms >= 0)
        end->uptime_ms = record->started_uptime_ms + record->duration_ms;
    strncpy(end->boot_id, record->boot_id, sizeof end->boot_id - 1);
}
