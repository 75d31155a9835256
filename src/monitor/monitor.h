/* The life of a monitor. */
#ifndef TETHER_MONITOR_H
#define TETHER_MONITOR_H

/* Runs one task, from its orders to its end. Returns the exit status of the program. */
int tether__monitor_run(void);

#endif
