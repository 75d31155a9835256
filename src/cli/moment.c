/* Owns converting timeouts to moments of the monotonic clock and back.
 * Must not: wait.
 * Thread: any; it only reads a clock. */
#include "cli/moment.h"

#include <uv.h>

#define NS_PER_MS ((uint64_t)1000 * 1000)

uint64_t moment_after(int64_t timeout_ms)
{
    uint64_t now = uv_hrtime();

    if (timeout_ms < 0 || (uint64_t)timeout_ms > (UINT64_MAX - now) / NS_PER_MS - 1)
        return MOMENT_NEVER;
    return now + (uint64_t)timeout_ms * NS_PER_MS;
}

uint64_t moment_left_ns(uint64_t moment)
{
    uint64_t now = uv_hrtime();

    if (moment == MOMENT_NEVER)
        return UINT64_MAX;
    return now < moment ? moment - now : 0;
}

int64_t moment_wall_ms(void)
{
    uv_timeval64_t now;

    return uv_gettimeofday(&now) == 0 ? now.tv_sec * 1000 + now.tv_usec / 1000 : 0;
}
