/* Seam: clocks and the boot id. No function here blocks or allocates, and few can fail; any
 * thread. */
#ifndef TETHER_OS_CLOCK_H
#define TETHER_OS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "format/identity.h"
#include "tether/error.h"

/* Returns the wall clock in Unix milliseconds (UTC). It can be set at any time: use it for display
 * only. */
int64_t tether__os_wall_ms(void);

/* Returns a clock in milliseconds that is never set and stops while the machine sleeps. All
 * processes of one boot and time namespace read the same value. Deadlines use it, so that none
 * expires while a laptop is suspended. */
int64_t tether__os_monotonic_ms(void);

/* Returns a clock like the monotonic one that keeps running while the machine sleeps. Durations use
 * it. Supervisors read the same clock. */
int64_t tether__os_uptime_ms(void);

/* Stores how far the two clocks above are ahead of the machine's, for this process and for its
 * children. What is on the disk counts by the machine's clocks. Unlike the other functions here,
 * these may fail: TETHER_ELIMIT when no descriptor is left. */
int tether__os_clock_frame(tether__clock_frame *own, tether_error *error);
int tether__os_child_clock_frame(tether__clock_frame *childrens, tether_error *error);

/* Writes an id that differs after each boot; an empty string where the platform has none. Returns
 * false, with an empty string, if it cannot be read now, such as for lack of descriptors: then it
 * is not known which boot this is, and another attempt may find it. */
bool tether__os_boot_id(char id[TETHER__BOOT_ID_SIZE]);

#endif
