/* Seam: clocks and the boot. None of these blocks, allocates or fails; any thread. */
#ifndef TETHER_OS_CLOCK_H
#define TETHER_OS_CLOCK_H

#include <stdint.h>

#include "format/identity.h"

/* The wall clock in Unix milliseconds, UTC. People set it: use it for display only. */
int64_t tether__os_wall_ms(void);

/* A clock that nobody sets and that stands still while the machine sleeps; the same in every
 * process of one boot. Deadlines follow it, so that a suspended laptop times nothing out. */
int64_t tether__os_monotonic_ms(void);

/* Like the monotonic clock, but it goes on while the machine sleeps: durations follow it.
 * Supervisors read the same clock. */
int64_t tether__os_uptime_ms(void);

/* A text that is another one after each boot; empty where the platform cannot tell. */
void tether__os_boot_id(char id[TETHER__BOOT_ID_SIZE]);

#endif
