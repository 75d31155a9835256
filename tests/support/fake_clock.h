/* A wall clock that the test sets, in place of the system's. The other clocks and the times of
 * files stay real. */
#ifndef TETHER_TEST_FAKE_CLOCK_H
#define TETHER_TEST_FAKE_CLOCK_H

#include <stdint.h>

/* Sets the clock this many milliseconds ahead of the system's, or behind it if negative. Any
 * thread. */
void fake_clock_set(int64_t ahead_ms);

#endif
