/* Owns the way to the environment on macOS, whose shared libraries do not see the variable.
 * Must not: change it.
 * Thread: any, while no other thread changes the environment. */
#include "posix/environ.h"

#include <crt_externs.h>

char **tether__posix_environ(void)
{
    return *_NSGetEnviron();
}
