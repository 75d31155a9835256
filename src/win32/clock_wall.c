/* Owns the wall clock, in a file of its own so that a test can replace it by a clock that the test
 * sets.
 * Must not: keep state.
 * Thread: any. */
#include "os/clock.h"

#include <windows.h>

#include "win32/time.h"

int64_t tether__os_wall_ms(void)
{
    FILETIME now;
    GetSystemTimePreciseAsFileTime(&now);
    return tether__win32_unix_ns(tether__win32_ticks(now.dwHighDateTime, now.dwLowDateTime)) /
           1000000;
}
