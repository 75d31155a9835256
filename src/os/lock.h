/* Seam: a lock between processes, held through an open file. The kernel releases it when the holder
 * dies. Two holders in one process also exclude each other. */
#ifndef TETHER_OS_LOCK_H
#define TETHER_OS_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "os/file.h"
#include "tether/error.h"

typedef struct tether__lock {
    intptr_t handle; /* -1: not held */
} tether__lock;

/* Acquires the lock `name` in a directory. Waits for at most timeout_ms of the monotonic clock,
 * then fails with TETHER_ELOCKED; the message names the holder, or else the last process of tether
 * that held the lock. TETHER_ENOTSUP on a file system without locks. */
int tether__os_lock_acquire(tether__dir *dir, const char *name, int64_t timeout_ms,
                            tether__lock *lock, tether_error *error);

/* Whether the lock's file still has its name. False once another process has removed it, together
 * with the data that it guards. */
bool tether__os_lock_linked(const tether__lock *lock);

/* Releases the lock. A lock that is not held is allowed. */
void tether__os_lock_release(tether__lock *lock);

#endif
