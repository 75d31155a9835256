/* Owns the notification where the close of a file that was open for writing is an event (inotify).
 * Must not: write a byte.
 * Thread: any. */
#include "os/lifeline.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "posix/dir.h"

/* Raises the event: the close counts whether or not bytes were written. False: the file is not
 * writable. */
static bool open_and_close(tether__dir *exits, const char *task_id)
{
    int fd = openat(exits->fd, task_id,
                    O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd >= 0 || errno != EACCES;
}

/* Where somebody has taken the permission to write, the file gets it for an instant. */
void tether__os_lifeline_notify(tether__dir *exits, const char *task_id)
{
    struct stat st;
    if (open_and_close(exits, task_id))
        return;
    int fd = openat(exits->fd, task_id, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
        fchmod(fd, S_IRUSR | S_IWUSR) == 0) {
        open_and_close(exits, task_id);
        fchmod(fd, st.st_mode & 07777);
    }
    close(fd);
}
