/* Owns access to the environment where the C library exports it.
 * Must not: change it.
 * Thread: any, while no other thread changes the environment. */
#include "posix/environ.h"

extern char **environ;

char **tether__posix_environ(void)
{
    return environ;
}
