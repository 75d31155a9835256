/* Owns what identifying processes comes to on systems without pid namespaces, time namespaces and a
 * /proc that shells can read: a process is identified by its pid, its start time and the boot.
 * Must not: read a process itself.
 * Thread: any. */
#include "os/process.h"

#include <stdio.h>

#include "os/clock.h"

void tether__os_pid_ns(char pid_ns[TETHER__PID_NS_SIZE])
{
    pid_ns[0] = '\0';
}

void tether__os_child_pid_ns(char pid_ns[TETHER__PID_NS_SIZE])
{
    pid_ns[0] = '\0';
}

bool tether__os_process_own_proc(void)
{
    return false;
}

void tether__os_process_localise(tether__identity *identity, const tether__clock_frame *own)
{
    (void)identity;
    (void)own;
}

void tether__os_process_name(int64_t pid, char name[TETHER__PROCESS_NAME_SIZE])
{
    (void)pid;
    name[0] = '\0';
}

uint64_t tether__os_process_pidfs_id(int64_t pid)
{
    (void)pid;
    return 0;
}

const char *tether__os_process_doubt(char *buffer, size_t size)
{
    char boot_id[TETHER__BOOT_ID_SIZE];
    tether__os_boot_id(boot_id);
    if (tether__os_process_start_time(tether__os_process_self()) != 0 && boot_id[0] != '\0')
        return NULL;
    snprintf(
        buffer, size,
        "start times or the boot id cannot be read: only the lock on its lifeline identifies a "
        "supervisor");
    return buffer;
}
