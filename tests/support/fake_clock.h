/* A wall clock that a test sets, in place of the system's: the other clocks, and the times of
 * files, go on as they are. */
#ifndef TETHER_TEST_FAKE_CLOCK_H
#define TETHER_TEST_FAKE_CLOCK_H

#include <stdint.h>

/* Sets the clock this far ahead of the system's; negative: behind. Any thread. */
void fake_clock_set(int64_t ahead_ms);

#endif
