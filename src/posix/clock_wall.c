/* Owns the wall clock, in a file of its own so that a test can replace it by a clock that the test
 * sets.
 * Must not: keep state.
 * Thread: any. */
#include "os/clock.h"

#include <time.h>

int64_t tether__os_wall_ms(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
