/* Between the common part of the spawner and its variants, of which CMake builds one in. */
#ifndef TETHER_SPAWN_START_H
#define TETHER_SPAWN_START_H

#include <sys/types.h>

#include "os/spawn.h"

/* Descriptors of this process, all of them close-on-exec and above every number that the child
 * gives out, so that no step of the child overwrites what a later one needs. */
typedef struct tether__child_fds {
    int standard[3];
    int lifeline;
    int workdir;
} tether__child_fds;

/* Starts the program: new session, the descriptors put in place and all others closed, default
 * signals, empty mask, working directory. 0, or the errno of what failed, with no child left. */
int tether__posix_start(const tether__start *start, const tether__child_fds *fds, pid_t *pid);

#endif
