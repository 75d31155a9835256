/* Whether a process was started during this boot. */
#ifndef TETHER_POSIX_THIS_BOOT_H
#define TETHER_POSIX_THIS_BOOT_H

#include "format/identity.h"

/* Returns TETHER__ALIVE if the process may be of this boot, TETHER__GONE if it is of another one,
 * and TETHER__UNKNOWN if the id of this boot cannot be read now. Any thread. */
tether__liveness tether__posix_in_this_boot(const tether__identity *identity);

#endif
