/* Owns the pipe by which monitors learn of the end of a registry.
 * Must not: write into it.
 * Thread: any. */
#include "os/bond.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "posix/error.h"
#include "posix/raise_fd.h"

enum { FIRST_FREE = 3 }; /* none of the standard streams */

/* Monitors share the reading end: none may wait in a read for what another one has taken. The
 * writing end is never without close-on-exec: a program that got it would keep the tasks alive. */
int tether__os_bond_open(tether__bond *bond, tether_error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return tether__posix_fail(error, errno, "bind to the host", NULL);
    int told = tether__posix_raise_fd(ends[0], FIRST_FREE), os_error = errno;
    int kept = tether__posix_raise_fd(ends[1], FIRST_FREE);
    if (kept < 0)
        os_error = errno;
    if (told >= 0 && kept >= 0 && fcntl(told, F_SETFL, O_NONBLOCK) == 0) {
        *bond = (tether__bond){.open = true, .kept = kept, .told = told};
        return TETHER_OK;
    }
    if (told >= 0)
        close(told);
    if (kept >= 0)
        close(kept);
    return tether__posix_fail(error, os_error, "bind to the host", NULL);
}

void tether__os_bond_close(tether__bond *bond)
{
    if (!bond->open)
        return;
    close((int)bond->kept);
    close((int)bond->told);
    *bond = (tether__bond){0};
}
