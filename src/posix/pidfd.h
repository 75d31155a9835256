/* Linux's process descriptors, for the other files of this folder. They pin a process: what goes
 * through one never reaches another process that got the same pid. */
#ifndef TETHER_PIDFD_H
#define TETHER_PIDFD_H

#include <stdbool.h>
#include <stdint.h>

/* A descriptor, close-on-exec; -1 and errno (ESRCH: no such process, ENOSYS: the system has none).
 */
int tether__pidfd_open(int64_t pid);

/* 0 or errno. */
int tether__pidfd_signal(int pidfd, int number);

/* To the whole process group that the process leads; 0 or errno. EINVAL where the kernel has no
 * such thing (before 6.9). */
int tether__pidfd_signal_group(int pidfd, int number);

/* Reaps a child: 0 done, EAGAIN not ended yet, ECHILD not (any more) a child of ours. */
int tether__pidfd_reap(int pidfd);

#endif
