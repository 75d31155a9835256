/* Which process holds a lock. Variants of one function; CMake chooses one. */
#ifndef TETHER_POSIX_LOCK_OWNER_H
#define TETHER_POSIX_LOCK_OWNER_H

#include <stdint.h>

/* Size of a buffer for a process's name, as the system abbreviates it. */
enum { TETHER__PROCESS_NAME_SIZE = 32 };

/* Returns the pid of the process that has locked an open file with flock, and stores its name
 * (empty: unknown). 0 if that process cannot be found: where the system does not tell, if it is in
 * another pid namespace, or if it has ended and a child has inherited the lock. Any thread. */
int64_t tether__posix_lock_owner(int fd, char name[TETHER__PROCESS_NAME_SIZE]);

#endif
