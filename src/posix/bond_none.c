/* Owns saying that monitors of this system cannot watch a bond yet.
 * Must not: pretend that one was made.
 * Thread: any. */
#include "os/bond.h"

#include "base/error.h"

int tether__os_bond_open(tether__bond *bond, tether_error *error)
{
    *bond = (tether__bond){0};
    return tether__fail(error, TETHER_ENOTSUP, 0, "bind to the host",
                        "no monitor of this system ends a task with its host; leave out with_host");
}

void tether__os_bond_close(tether__bond *bond)
{
    (void)bond;
}
