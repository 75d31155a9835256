/* Owns the nudge where changes of attributes are events (kqueue), and a close is none everywhere.
 * Must not: write a byte.
 * Thread: any. */
#include "os/lifeline.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "posix/dir.h"

/* The mode that it has already: nothing changes, and whoever watches the file is told. A sealed one
 * is watched by nobody, so that its directory has to tell that something in it wants a look. */
void tether__os_lifeline_notify(tether__dir *exits, const char *task_id)
{
    struct stat st;
    int fd = openat(exits->fd, task_id, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
        fchmod(fd, st.st_mode & 07777) == 0 && (st.st_mode & S_IWUSR) == 0)
        futimens(exits->fd, NULL);
    close(fd);
}
