/* Linux's process descriptors, for the other files of this folder. A descriptor pins a process: a
 * call on it never affects another process that reuses the pid. */
#ifndef TETHER_PIDFD_H
#define TETHER_PIDFD_H

#include <stdbool.h>
#include <stdint.h>

/* Returns a close-on-exec descriptor, or -1 and errno (ESRCH: no such process, ENOSYS: not
 * supported by the system). */
int tether__pidfd_open(int64_t pid);

/* Sends a signal to the process. Returns 0 or errno. */
int tether__pidfd_signal(int pidfd, int number);

/* Sends a signal to the whole process group that the process leads. Returns 0 or errno: EINVAL
 * where the kernel does not support that (before 6.9). */
int tether__pidfd_signal_group(int pidfd, int number);

/* Reaps a child. Returns 0 when done, EAGAIN while it runs, ECHILD when it is not, or no longer,
 * our child. */
int tether__pidfd_reap(int pidfd);

#endif
