/* The descriptor that tells of the end of the task's host, for the other files of this folder. One
 * thread. */
#ifndef TETHER_MONITOR_BOND_H
#define TETHER_MONITOR_BOND_H

/* The descriptor to sleep on; -1: none. */
int tether__bond_descriptor(void);

/* Looks at it after a sleep that it has ended. */
void tether__bond_look(void);

#endif
