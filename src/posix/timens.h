/* Linux's time namespaces. Without words for errors, because the monitor asks, too. Any thread. */
#ifndef TETHER_POSIX_TIMENS_H
#define TETHER_POSIX_TIMENS_H

#include <stdbool.h>

#include "os/clock.h"

enum { TETHER__TIMENS_SIZE = 64 };

#define TETHER__TIMENS_OWN "/proc/self/ns/time"
#define TETHER__TIMENS_CHILDRENS "/proc/self/ns/time_for_children"
#define TETHER__TIMENS_OFFSETS "/proc/self/timens_offsets"

/* Reads the name of a time namespace from one of these links; empty: there are none, or no /proc.
 * Returns 0, or the errno of a shortage. */
int tether__timens_name(const char *path, char name[TETHER__TIMENS_SIZE]);

/* Whether the clocks there are the machine's. */
bool tether__timens_is_machines(const char *name);

/* Reads how far the clocks of this process's children are ahead. Returns 0 or errno; EPROTO: the
 * system's answer cannot be understood. */
int tether__timens_offsets(tether__clock_frame *childrens);

#endif
