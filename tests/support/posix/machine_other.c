/* Owns the stubs for machines without Linux's features.
 * Must not: pretend to succeed.
 * Thread: the test's. */
#include "support/posix/machine.h"

#include <uv.h>

#include "support/support.h"

void machine_die_with_parent(void)
{
}

bool machine_be_visible(void)
{
    return true;
}

bool machine_has_namespaces(void)
{
    return false;
}

bool machine_own_mounts(void)
{
    return false;
}

bool machine_own_pids(void)
{
    return false;
}

bool machine_own_proc(void)
{
    return false;
}

bool machine_own_time(long long seconds, long nanoseconds)
{
    (void)seconds;
    (void)nanoseconds;
    return false;
}

bool machine_hide_proc(void)
{
    return false;
}

bool machine_refuse(const int *calls, size_t count, int os_error)
{
    (void)calls;
    (void)count;
    (void)os_error;
    return false;
}

bool machine_mount(const char *path, const char *options)
{
    (void)path;
    (void)options;
    return false;
}

bool machine_make_read_only(const char *path)
{
    (void)path;
    return false;
}

bool machine_unmount(const char *path)
{
    (void)path;
    return false;
}

int machine_count_threads(void)
{
    return 0;
}

long machine_resident_bytes(void)
{
    size_t bytes;
    assert_int_equal(uv_resident_set_memory(&bytes), 0);
    return (long)bytes;
}

bool machine_first_thread_exited(long pid)
{
    (void)pid;
    return true;
}
