/* Owns closing descriptors one by one, the fallback where the system has no better call.
 * Must not: call anything that is not async-signal-safe.
 * Thread: the only one of a forked child. */
#include "posix/close_from.h"

#include <unistd.h>

enum { DESCRIPTORS_WHEN_UNLIMITED = 65536 };

void tether__close_each(int first)
{
    long limit = sysconf(_SC_OPEN_MAX);
    if (limit < 0 || limit > DESCRIPTORS_WHEN_UNLIMITED)
        limit = DESCRIPTORS_WHEN_UNLIMITED;
    for (int fd = first; fd < (int)limit; fd++)
        close(fd);
}
