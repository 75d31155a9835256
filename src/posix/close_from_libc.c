/* Owns closing descriptors where the C library has a call for it, as on the BSDs.
 * Must not: call anything that is not async-signal-safe.
 * Thread: the only one of a forked child. */
#include "posix/close_from.h"

#include <unistd.h>

void tether__close_from(int first)
{
    (void)closefrom(first);
}
