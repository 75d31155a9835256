/* The interface between the shared part of the spawner and its variants, of which CMake chooses
 * one. */
#ifndef TETHER_SPAWN_START_H
#define TETHER_SPAWN_START_H

#include <sys/types.h>

#include "os/spawn.h"

/* Descriptors of this process. All are close-on-exec and above every number that the child uses, so
 * that no step in the child overwrites one that a later step needs. */
typedef struct tether__child_fds {
    int standard[3];
    int lifeline;
    int workdir;
    int orders; /* -1: none */
    int host;   /* -1: none; never without orders */
} tether__child_fds;

/* Returns the lowest descriptor number that these have in the child, beside the standard streams.
 */
static inline int tether__posix_first_used(const tether__child_fds *fds)
{
    if (fds->host >= 0)
        return TETHER__HOST_FD;
    return fds->orders >= 0 ? TETHER__ORDERS_FD : TETHER__LIFELINE_FD;
}

/* Starts the program in a new session, with these descriptors in place and all others closed,
 * default signal dispositions, an empty signal mask (a monitor: with all signals blocked), and the
 * working directory. Returns 0, or the errno of the failed step, with no child left. */
int tether__posix_start(const tether__start *start, const tether__child_fds *fds, pid_t *pid);

#endif
