/* Owns the clocks that are never set.
 * Must not: keep state.
 * Thread: any. */
#include "os/clock.h"

#include <time.h>

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t tether__os_monotonic_ms(void)
{
#ifdef CLOCK_UPTIME_RAW /* macOS: its CLOCK_MONOTONIC runs during sleep */
    return clock_ms(CLOCK_UPTIME_RAW);
#else
    return clock_ms(CLOCK_MONOTONIC);
#endif
}

int64_t tether__os_uptime_ms(void)
{
#ifdef CLOCK_BOOTTIME /* Linux: its CLOCK_MONOTONIC stops during sleep, /proc/uptime does not */
    return clock_ms(CLOCK_BOOTTIME);
#else
    return clock_ms(CLOCK_MONOTONIC);
#endif
}
