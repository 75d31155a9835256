/* Owns the question for POSIX access lists as Linux keeps them: in an extended attribute, which
 * exists only if the list says more than the mode.
 * Must not: change anything.
 * Thread: any. */
#include "posix/access_list.h"

#include <errno.h>
#include <sys/xattr.h>

#include "posix/error.h"

int tether__posix_has_access_list(const char *path, bool *has)
{
    ssize_t size = lgetxattr(path, "system.posix_acl_access", NULL, 0);
    *has = size > 0;
    return size < 0 && tether__posix_is_shortage(errno) ? errno : 0;
}
