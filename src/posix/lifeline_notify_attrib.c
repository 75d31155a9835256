/* Owns the notification where a change of attributes is an event (kqueue), but a close may be none.
 * Must not: write a byte.
 * Thread: any. */
#include "os/lifeline.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "posix/dir.h"

/* Sets the mode that the file has already: nothing changes, and watchers of the file get an event.
 */
void tether__os_lifeline_notify(tether__dir *exits, const char *task_id)
{
    struct stat st;
    int fd = openat(exits->fd, task_id, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1)
        fchmod(fd, st.st_mode & 07777);
    close(fd);
}
