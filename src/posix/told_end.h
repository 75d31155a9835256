/* Whether a lifeline tells of an end, for the other files of this folder and for the monitor. */
#ifndef TETHER_POSIX_TOLD_END_H
#define TETHER_POSIX_TOLD_END_H

#include <stdbool.h>

/* Reads the lifeline of another task from its start. False also if it cannot be read. Any thread.
 */
bool tether__posix_told_end(int lifeline);

#endif
