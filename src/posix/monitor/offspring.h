/* The processes below the monitor, for the other files of this folder. One thread. */
#ifndef TETHER_OFFSPRING_H
#define TETHER_OFFSPRING_H

/* Adopts the orphans of the processes below this one, where the system supports that. */
void tether__offspring_adopt(void);

/* Sends the signals to every process below this one. Where these cannot be found, to the command,
 * and to this process's group if it survives the signals. */
void tether__offspring_signal(const int *numbers, int count);

#endif
