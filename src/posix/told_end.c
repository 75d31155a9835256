/* Owns reading from a lifeline whether the task has ended.
 * Must not: conclude anything from what is not written there.
 * Thread: any. */
#include "posix/told_end.h"

#include <errno.h>
#include <unistd.h>

#include "format/marker.h"

bool tether__posix_told_end(int lifeline)
{
    char text[TETHER__MARKER_LIMIT];
    tether__marker marker;
    ssize_t size;
    do
        size = pread(lifeline, text, sizeof text, 0);
    while (size < 0 && errno == EINTR);
    if (size <= 0)
        return false;
    tether__marker_parse(text, (size_t)size, &marker);
    return tether__marker_has_end(&marker);
}
