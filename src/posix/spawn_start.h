/* The interface between the shared part of the spawner and its variants, of which CMake chooses
 * one. */
#ifndef TETHER_SPAWN_START_H
#define TETHER_SPAWN_START_H

#include <sys/types.h>

#include "os/spawn.h"

/* The numbers that the descriptors of a child have. */
enum { TETHER__CHILD_FDS = TETHER__LIFELINE_FD + 1 };

/* Descriptors of this process. All are close-on-exec and above every number that the child uses, so
 * that no step in the child overwrites one that a later step needs. */
typedef struct tether__child_fds {
    int at[TETHER__CHILD_FDS]; /* by their number in the child; -1: it has none */
    int workdir;
} tether__child_fds;

/* Starts the program in a new session, with these descriptors in place and all others closed,
 * default signal dispositions, an empty signal mask (a monitor: with all signals blocked), and the
 * working directory. Returns 0, or the errno of the failed step, with no child left. */
int tether__posix_start(const tether__start *start, const tether__child_fds *fds, pid_t *pid);

#endif
