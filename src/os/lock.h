/* Seam: a lock between processes, held by an open file, which the kernel frees when its holder
 * dies. Two holders in one process exclude each other as well. */
#ifndef TETHER_OS_LOCK_H
#define TETHER_OS_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "os/file.h"
#include "tether/error.h"

typedef struct tether__lock {
    intptr_t handle; /* -1: not held */
} tether__lock;

/* Takes the lock `name` in a directory, waiting for at most timeout_ms of the monotonic clock; then
 * TETHER_ELOCKED with the holder's pid, as far as it is known, in the message. A file system that
 * has no locks is TETHER_ENOTSUP. */
int tether__os_lock_acquire(tether__dir *dir, const char *name, int64_t timeout_ms,
                            tether__lock *lock, tether_error *error);

/* Whether the lock's file still has its name: false once somebody has removed it, and with it what
 * it guards. */
bool tether__os_lock_linked(const tether__lock *lock);

/* Gives it back. A lock that is not held is allowed. */
void tether__os_lock_release(tether__lock *lock);

#endif
