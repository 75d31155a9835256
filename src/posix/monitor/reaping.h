/* Waiting for children, for the other files of this folder. Any thread. */
#ifndef TETHER_REAPING_H
#define TETHER_REAPING_H

#include <sys/resource.h>
#include <sys/types.h>

/* Waits, without blocking, for this child; -1: for any. Returns the pid of one that has ended, with
 * its status and what it has used; 0 if none has; or -1 and errno. ECHILD: there is no such child,
 * as far as the system can be believed. */
pid_t tether__reaping_take(pid_t which, int *status, struct rusage *used);

#endif
