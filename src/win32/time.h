/* The times of Windows: units of 100 ns since 1601. Pure; any thread. */
#ifndef TETHER_WIN32_TIME_H
#define TETHER_WIN32_TIME_H

#include <stdint.h>

/* A FILETIME's two halves in one. */
uint64_t tether__win32_ticks(uint32_t high, uint32_t low);

/* The same in nanoseconds since 1970. */
int64_t tether__win32_unix_ns(uint64_t ticks);

#endif
