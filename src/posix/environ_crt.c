/* Owns access to the environment on macOS, where shared libraries cannot link to `environ`.
 * Must not: change it.
 * Thread: any, while no other thread changes the environment. */
#include "posix/environ.h"

#include <crt_externs.h>

char **tether__posix_environ(void)
{
    return *_NSGetEnviron();
}
