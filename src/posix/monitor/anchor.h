/* The descriptors that tell of the end of the task's anchor, for the other files of this folder.
 * One thread. */
#ifndef TETHER_MONITOR_ANCHOR_H
#define TETHER_MONITOR_ANCHOR_H

#include "posix/monitor/wake.h"

enum { TETHER__ANCHOR_ITEMS = 2 };

/* Stores what the sleep is to wait for. */
void tether__anchor_items(tether__wake_item items[TETHER__ANCHOR_ITEMS]);

/* Looks at what the sleep has found. */
void tether__anchor_wake(const tether__wake_item items[TETHER__ANCHOR_ITEMS]);

#endif
