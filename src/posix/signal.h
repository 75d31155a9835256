/* What signals do to a supervisor, for the other files of this folder. */
#ifndef TETHER_POSIX_SIGNAL_H
#define TETHER_POSIX_SIGNAL_H

#include <stdbool.h>

/* Returns whether a supervisor that has started its command survives this signal and goes on: its
 * wrapper has a trap for the signal, or the signal does not end or stop a process by default. */
bool tether__signal_survived(int number);

/* Returns whether the system has a signal with this number. */
bool tether__signal_exists(int number);

#endif
