/* Owns closing descriptors one by one, where the system has no better call.
 * Must not: call anything that is not async-signal-safe.
 * Thread: the only one of a forked child. */
#include "posix/close_from.h"

void tether__close_from(int first)
{
    tether__close_each(first);
}
