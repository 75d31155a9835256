/* Owns closing descriptors with Linux's close_range, or one by one on kernels before 5.9, which
 * lack it.
 * Must not: call anything that is not async-signal-safe.
 * Thread: the only one of a forked child. */
#include "posix/close_from.h"

#include <sys/syscall.h>
#include <unistd.h>

void tether__close_from(int first)
{
    if (syscall(SYS_close_range, (unsigned)first, ~0u, 0u) != 0)
        tether__close_each(first);
}
