/* Temporary files of hosts that died while they replaced a file. Any thread. */
#ifndef TETHER_TEMPORARIES_H
#define TETHER_TEMPORARIES_H

#include <stddef.h>
#include <stdint.h>

#include "os/file.h"

/* Removes the temporary files in a directory that were last written at least an hour before or
 * after now_ms, by the wall clock, and adds their number to *removed. Needs no lock. Those that
 * cannot be removed stay. */
void tether__temporaries_remove(tether__dir *dir, int64_t now_ms, size_t *removed);

#endif
