/* Owns the conversion of FILETIMEs.
 * Must not: read a clock.
 * Thread: any. */
#include "win32/time.h"

/* 134774 days lie between 1601 and 1970. */
static const int64_t unix_epoch_ticks = INT64_C(134774) * 86400 * 10000000;

uint64_t tether__win32_ticks(uint32_t high, uint32_t low)
{
    return (uint64_t)high << 32 | low;
}

int64_t tether__win32_unix_ns(uint64_t ticks)
{
    return ((int64_t)ticks - unix_epoch_ticks) * 100;
}
