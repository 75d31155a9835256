/* The life of a monitor. */
#ifndef TETHER_MONITOR_H
#define TETHER_MONITOR_H

/* Runs one task, from its orders to its end. Returns the exit status of the program. */
int tether__monitor_run(void);

/* Runs the command at the end of a task (monitor/on_end.h), where its messenger is a program of its
 * own. Returns if its orders cannot be had. */
void tether__monitor_run_messenger(void);

#endif
