/* Owns the question what the effective user may do with a file.
 * Must not: open the file, or change the process's users.
 * Thread: any. */
#include "posix/access.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_in_group(gid_t group)
{
    if (group == getegid())
        return true;
    int count = getgroups(0, NULL);
    gid_t *groups = count > 0 ? malloc((size_t)count * sizeof *groups) : NULL;
    if (groups == NULL)
        return false;
    count = getgroups(count, groups);
    bool found = false;
    for (int i = 0; i < count && !found; i++)
        found = groups[i] == group;
    free(groups);
    return found;
}

/* Answers by the mode of the file, which knows neither access lists nor read-only file systems. */
static int access_by_mode(const char *path, int mode)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return errno;
    unsigned granted = st.st_mode & 7u;
    if (geteuid() == 0)
        granted = S_ISDIR(st.st_mode) || (st.st_mode & 0111u) != 0 ? 7 : 6;
    else if (st.st_uid == geteuid())
        granted = st.st_mode >> 6 & 7u;
    else if (is_in_group(st.st_gid))
        granted = st.st_mode >> 3 & 7u;
    return ((unsigned)mode & ~granted) == 0 ? 0 : EACCES;
}

/* Linux's C libraries use faccessat2, and their own fallback only after ENOSYS. The seccomp filters
 * of older container hosts answer with EPERM. */
int tether__posix_access(const char *path, int mode)
{
    if (faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0)
        return 0;
    int os_error = errno;
    if (os_error != EPERM && os_error != ENOSYS)
        return os_error;
    if (getuid() != geteuid() || getgid() != getegid())
        return access_by_mode(path, mode);
    return access(path, mode) == 0 ? 0 : errno;
}
