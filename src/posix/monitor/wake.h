/* How the monitor sleeps, for the other files of this folder. One thread. */
#ifndef TETHER_WAKE_H
#define TETHER_WAKE_H

/* Opens what tells of signals and children. All signals are blocked. If that fails, the monitor
 * looks at intervals. */
void tether__wake_open(void);

/* Sleeps until a signal has come, one of two descriptors can be read (-1: none), or for timeout_ms;
 * -1: no limit. Takes the signals. */
void tether__wake_sleep(const int fds[2], int timeout_ms);

#endif
