/* Owns the notification where the close of a file that was open for writing is an event (inotify).
 * Must not: write a byte.
 * Thread: any. */
#include "os/lifeline.h"

#include <fcntl.h>
#include <unistd.h>

#include "posix/dir.h"

/* The close raises the event, whether or not bytes were written. */
void tether__os_lifeline_notify(tether__dir *exits, const char *task_id)
{
    int fd = openat(exits->fd, task_id,
                    O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
}
