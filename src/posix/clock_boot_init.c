/* Owns the boot id where the system has none, but stamps each process once with the wall clock's
 * time, as NetBSD does: the id is the start time of the first process. The time of the boot is no
 * id, because it moves whenever the clock is set.
 * Must not: keep state.
 * Thread: any. */
#include "os/clock.h"

#include <stdio.h>

#include "posix/error.h"
#include "posix/proc.h"

bool tether__os_boot_id(char id[TETHER__BOOT_ID_SIZE])
{
    tether__proc init;
    id[0] = '\0';
    /* The system may hide the first process from other users. */
    int os_error = tether__proc_read(1, &init);
    if (os_error == 0 && init.start_time != 0)
        snprintf(id, TETHER__BOOT_ID_SIZE, "init-%llu", (unsigned long long)init.start_time);
    return !tether__posix_is_shortage(os_error);
}
