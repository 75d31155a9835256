/* Seam: the names and numbers of signals. Any thread. */
#ifndef TETHER_OS_SIGNAL_H
#define TETHER_OS_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

/* Returns the number of a signal that is given by name, with or without SIG, or by number; 0 if
 * there is none. */
int tether__os_signal_number(const char *name);

/* The size of a buffer for the name of any signal. */
#define TETHER__SIGNAL_NAME_SIZE 16

/* Writes the name of a signal, as "SIGTERM"; an empty text if it has none. */
void tether__os_signal_name(int number, char name[TETHER__SIGNAL_NAME_SIZE]);

/* Return the signals that a polite and a final kill send. */
int tether__os_signal_polite(void);
int tether__os_signal_final(void);

/* Returns whether the system tells a monitor a signal from an exit code. On Windows a terminated
 * process has an exit code like any other: that of a kill is 128 + KILL. */
bool tether__os_signal_is_told(void);

/* Returns the exit code of a program that the polite signal has ended, where it is not 128 + N: on
 * Windows, that of a console break. 0: there is none. */
int64_t tether__os_signal_polite_code(void);

#endif
