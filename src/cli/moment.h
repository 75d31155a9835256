/* Deadlines on libuv's monotonic clock. */
#ifndef TETHER_CLI_MOMENT_H
#define TETHER_CLI_MOMENT_H

#include <stdint.h>

#define MOMENT_NEVER UINT64_MAX

/* Returns the moment this many milliseconds from now; MOMENT_NEVER if the timeout is negative or
 * exceeds the range of the clock. */
uint64_t moment_after(int64_t timeout_ms);

/* Returns the nanoseconds until the moment: 0 if it has passed, UINT64_MAX for MOMENT_NEVER. */
uint64_t moment_left_ns(uint64_t moment);

/* Returns the wall clock in Unix milliseconds; 0 if it is not known. */
int64_t moment_wall_ms(void);

#endif
