/* Windows timestamps: units of 100 ns since 1601. Pure; any thread. */
#ifndef TETHER_WIN32_TIME_H
#define TETHER_WIN32_TIME_H

#include <stdint.h>

/* Joins two 32-bit halves, such as those of a FILETIME. */
uint64_t tether__win32_ticks(uint32_t high, uint32_t low);

/* Converts such a timestamp to nanoseconds since 1970. */
int64_t tether__win32_unix_ns(uint64_t ticks);

#endif
