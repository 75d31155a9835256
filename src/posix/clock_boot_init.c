/* Owns the boot id where the system has none but dates its processes by the wall clock, once and
 * for all, as NetBSD does: when its first process was started. The time of the boot would be none:
 * it moves whenever the clock is set. Must not: keep state. Thread: any. */
#include "os/clock.h"

#include <stdio.h>

#include "posix/proc.h"

void tether__os_boot_id(char id[TETHER__BOOT_ID_SIZE])
{
    tether__proc init;
    id[0] = '\0';
    /* It may be hidden from us. */
    if (tether__proc_read(1, &init) == 0 && init.start_time != 0)
        snprintf(id, TETHER__BOOT_ID_SIZE, "init-%llu", (unsigned long long)init.start_time);
}
