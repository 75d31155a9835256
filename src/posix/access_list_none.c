/* Owns the stand-in for systems whose access lists this library does not read.
 * Must not: keep state.
 * Thread: any. */
#include "posix/access_list.h"

int tether__posix_has_access_list(const char *path, bool *has)
{
    (void)path;
    *has = false;
    return 0;
}
