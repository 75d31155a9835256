/* Owns asking for the start time of a child late, and only for that child.
 * Must not: take the start time of another process that has got the pid.
 * Thread: any. */
#include "os/child_start.h"

#include "os/process.h"

/* Asks for the number last: as long as that is the child's, so was the pid. */
uint64_t tether__child_start_time(const tether__identity *child)
{
    if (child->start_time != 0 || child->pid == 0 || child->pidfs_id == 0)
        return child->start_time;
    uint64_t start_time = tether__os_process_start_time(child->pid);
    return tether__os_process_pidfs_id(child->pid) == child->pidfs_id ? start_time : 0;
}
