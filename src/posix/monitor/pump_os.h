/* The pipes of the command's outputs, for the other files of this folder. One thread. */
#ifndef TETHER_POSIX_PUMP_OS_H
#define TETHER_POSIX_PUMP_OS_H

/* Returns the end of a stream's pipe from which the monitor reads; -1: none, or closed. */
int tether__pump_descriptor(int stream);

#endif
