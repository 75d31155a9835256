/* The start time of a child, which is asked for only where something needs it. */
#ifndef TETHER_OS_CHILD_START_H
#define TETHER_OS_CHILD_START_H

#include <stdint.h>

#include "format/identity.h"

/* Returns a child's start time: as the identity has it, or else that of the process that has the
 * child's pid and number (pidfs_id) now; 0: not known. Any thread. */
uint64_t tether__child_start_time(const tether__identity *child);

#endif
