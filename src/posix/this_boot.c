/* Owns the comparison of an identity with this boot.
 * Must not: take an id that cannot be read for another one.
 * Thread: any. */
#include "posix/this_boot.h"

#include <string.h>

#include "os/clock.h"

tether__liveness tether__posix_in_this_boot(const tether__identity *identity)
{
    char boot_id[TETHER__BOOT_ID_SIZE];
    if (identity->boot_id[0] == '\0')
        return TETHER__ALIVE;
    if (!tether__os_boot_id(boot_id))
        return TETHER__UNKNOWN;
    return boot_id[0] == '\0' || strcmp(identity->boot_id, boot_id) == 0 ? TETHER__ALIVE
                                                                         : TETHER__GONE;
}
