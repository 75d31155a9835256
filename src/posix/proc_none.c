/* Owns the stubs for systems whose process table this library cannot read.
 * Must not: claim that a process does not exist.
 * Thread: any. */
#include "posix/proc.h"

#include <errno.h>

bool tether__proc_in_order(void)
{
    return false;
}

int64_t tether__proc_start_ms(uint64_t start_time)
{
    (void)start_time;
    return -1;
}

int tether__proc_user(int64_t pid, int64_t *user)
{
    (void)pid;
    *user = -1;
    return ENOSYS;
}

int tether__proc_environment_is_from(int64_t pid, int64_t user, bool *is_from)
{
    (void)pid;
    (void)user;
    *is_from = false;
    return ENOSYS;
}

bool tether__proc_environment_is_empty(int64_t pid)
{
    (void)pid;
    return false;
}

bool tether__proc_is_own(void)
{
    return false;
}

int tether__proc_read(int64_t pid, tether__proc *process)
{
    (void)pid;
    *process = (tether__proc){0};
    return ENOSYS;
}

int tether__proc_list(bool (*visit)(int64_t pid, void *userdata), void *userdata)
{
    (void)visit;
    (void)userdata;
    return ENOSYS;
}

bool tether__proc_same_arguments(int64_t pid, int64_t other)
{
    (void)pid;
    (void)other;
    return false;
}

tether__proc_variable tether__proc_each_value(int64_t pid, const char *prefix, size_t capacity,
                                              bool (*take)(const char *value, void *userdata),
                                              void *userdata)
{
    (void)pid;
    (void)prefix;
    (void)capacity;
    (void)take;
    (void)userdata;
    return TETHER__VARIABLE_ABSENT;
}

tether__proc_variable tether__proc_find_variable(int64_t pid, const char *entry)
{
    (void)pid;
    (void)entry;
    return TETHER__VARIABLE_ABSENT;
}
