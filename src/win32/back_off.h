/* Pauses between the tries of a call that fails while another program has a file open. Any thread.
 */
#ifndef TETHER_WIN32_BACK_OFF_H
#define TETHER_WIN32_BACK_OFF_H

#include <stdbool.h>
#include <stdint.h>

/* Pauses before a retry, longer each time; *round starts at 0. Returns false, without a pause, once
 * the deadline (monotonic clock, ms) has passed. */
bool tether__win32_back_off(unsigned *round, int64_t deadline);

#endif
