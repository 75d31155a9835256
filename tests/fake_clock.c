/* Owns the wall clock that stands in for src/posix/os_clock_wall.c. */
#include "fake_clock.h"

#include <stdatomic.h>
#include <time.h>

#include "os_clock.h"

static _Atomic int64_t ahead;

void fake_clock_set(int64_t ahead_ms)
{
    atomic_store(&ahead, ahead_ms);
}

int64_t tether__os_wall_ms(void)
{
    struct timespec now;
    if (timespec_get(&now, TIME_UTC) != TIME_UTC)
        return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + atomic_load(&ahead);
}
