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

/* Stores whether this process is in a group. Returns 0, or the errno for which that is not known.
 */
static int check_group(gid_t group, bool *is_member)
{
    *is_member = group == getegid();
    int count = *is_member ? 0 : getgroups(0, NULL);
    if (count <= 0)
        return count == 0 ? 0 : errno;
    gid_t *groups = malloc((size_t)count * sizeof *groups);
    if (groups == NULL)
        return ENOMEM;
    count = getgroups(count, groups);
    int os_error = count < 0 ? errno : 0;
    for (int i = 0; i < count && !*is_member; i++)
        *is_member = groups[i] == group;
    free(groups);
    return os_error;
}

/* Answers by the mode of the file, which knows neither access lists nor read-only file systems. */
static int access_by_mode(const char *path, int mode)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return errno;
    unsigned granted;
    if (geteuid() == 0) {
        granted = S_ISDIR(st.st_mode) || (st.st_mode & 0111u) != 0 ? 7 : 6;
    } else if (st.st_uid == geteuid()) {
        granted = st.st_mode >> 6 & 7u;
    } else {
        bool is_member;
        int os_error = check_group(st.st_gid, &is_member);
        if (os_error != 0)
            return os_error;
        granted = st.st_mode >> (is_member ? 3 : 0) & 7u;
    }
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
