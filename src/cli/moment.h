/* Points in time on libuv's monotonic clock: when a wait is over. */
#ifndef TETHER_CLI_MOMENT_H
#define TETHER_CLI_MOMENT_H

#include <stdint.h>

#define MOMENT_NEVER UINT64_MAX

/* So many milliseconds from now on; MOMENT_NEVER for a negative time, and for one past the clock's
 * range. */
uint64_t moment_after(int64_t timeout_ms);

/* Nanoseconds up to it: 0 when it is over, UINT64_MAX for MOMENT_NEVER. */
uint64_t moment_left_ns(uint64_t moment);

#endif
