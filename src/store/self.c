/* Owns the identity of this process.
 * Must not: cache the identity, because a process may fork.
 * Thread: any. */
#include "store/self.h"

#include "os/clock.h"

void tether__self(tether__identity *self)
{
    *self = (tether__identity){.pid = tether__os_process_self()};
    tether__clock_frame own;
    if (tether__os_clock_frame(&own, NULL) == TETHER_OK) {
        self->start_time = tether__os_process_start_time(self->pid);
        self->time_offset_ns = own.boot_ns;
        self->pidfs_id = tether__os_process_pidfs_id(self->pid);
    }
    tether__os_boot_id(self->boot_id);
    tether__os_pid_ns(self->pid_ns);
}
