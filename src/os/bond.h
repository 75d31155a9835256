/* Seam: a bond, by which a monitor learns that the registry has ended that started its task: a pipe
 * of which that registry alone has the writing end. The kernel closes it however a process ends,
 * and no pid is involved. A process that the host has forked without an exec keeps it open, too. */
#ifndef TETHER_OS_BOND_H
#define TETHER_OS_BOND_H

#include <stdbool.h>
#include <stdint.h>

#include "tether/error.h"

/* All-zero: none. */
typedef struct tether__bond {
    bool open;
    intptr_t kept; /* its end is that of the host */
    intptr_t told; /* a monitor gets a copy of this end, see tether__start */
} tether__bond;

/* Makes a bond. No other program inherits it. TETHER_ELIMIT: too many open files; TETHER_ENOTSUP
 * where monitors cannot watch one. Any thread. */
int tether__os_bond_open(tether__bond *bond, tether_error *error);

/* Tells all monitors that watch the bond. None is no error. */
void tether__os_bond_close(tether__bond *bond);

#endif
