/* Seam: the names and numbers of signals. Any thread. */
#ifndef TETHER_OS_SIGNAL_H
#define TETHER_OS_SIGNAL_H

/* The number of a signal by name with or without SIG, or by number; 0: there is none. */
int tether__os_signal_number(const char *name);

/* The numbers of the signals that a polite and a final kill send. */
int tether__os_signal_polite(void);
int tether__os_signal_final(void);

#endif
