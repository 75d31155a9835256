/* Owns the wall clock that replaces clock_wall.c of the platform.
 * Thread: any. */
#include "support/fake_clock.h"

#include <stdatomic.h>
#include <uv.h>

#include "os/clock.h"

static _Atomic int64_t ahead;

void fake_clock_set(int64_t ahead_ms)
{
    atomic_store(&ahead, ahead_ms);
}

int64_t tether__os_wall_ms(void)
{
    uv_timeval64_t now;
    if (uv_gettimeofday(&now) != 0)
        return 0;
    return now.tv_sec * 1000 + now.tv_usec / 1000 + atomic_load(&ahead);
}
