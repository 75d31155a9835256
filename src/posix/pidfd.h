/* Linux's process descriptors, for the other files of this folder. A descriptor pins a process: a
 * call on it never affects another process that reuses the pid. */
#ifndef TETHER_PIDFD_H
#define TETHER_PIDFD_H

#include <stdbool.h>
#include <stdint.h>

/* Returns a close-on-exec descriptor, or -1 and errno (ESRCH: no such process, ENOSYS: the system
 * does not have the call or refuses it). */
int tether__pidfd_open(int64_t pid);

/* Returns the number of the process that the descriptor pins, which no other process gets during
 * this boot; 0 where the kernel has none (before 6.9), or has it for less than that. */
uint64_t tether__pidfd_id(int pidfd);

/* Stores the same for the process that has this pid now. Returns 0 or errno, as
 * tether__pidfd_open does. */
int tether__pidfd_find_id(int64_t pid, uint64_t *id);

/* Whether all of the process has ended, also if nobody has waited for it. False also if that cannot
 * be found out. */
bool tether__pidfd_has_ended(int pidfd);

/* Returns the name of the call that this process cannot use because the system does not have it or
 * refuses it, as old kernels and the seccomp filters of older container hosts do; NULL: it can use
 * all calls, or that could not be determined, or no version of the system has such calls. */
const char *tether__pidfd_lacking(void);

/* Sends a signal to the process. Returns 0 or errno (ENOSYS as above; EPERM: the process belongs to
 * another user). */
int tether__pidfd_signal(int pidfd, int number);

/* Sends a signal to the whole process group that the process leads. Returns 0 or errno, as above;
 * EINVAL where the kernel does not support that (before 6.9). */
int tether__pidfd_signal_group(int pidfd, int number);

/* Reaps a child. Returns 0 when done, EAGAIN while it runs, ECHILD when it is not, or no longer,
 * our child. */
int tether__pidfd_reap(int pidfd);

#endif
