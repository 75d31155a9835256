/* What a process uses, for the monitor. */
#ifndef TETHER_PROC_USING_H
#define TETHER_PROC_USING_H

#include <stdbool.h>
#include <stdint.h>

#include "format/control.h"

/* Stores the processor time of a process, with that of the children for which it has waited, and
 * its resident memory; 1 process. False: it cannot be read, or there is none. */
bool tether__proc_using(int64_t pid, tether__using *used);

#endif
