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

int tether__proc_environment_is_empty(int64_t pid, bool *is_empty)
{
    (void)pid;
    *is_empty = false;
    return 0;
}

int tether__proc_check_own(bool *own)
{
    *own = false;
    return 0;
}

int tether__proc_pid_ns(char pid_ns[TETHER__PID_NS_SIZE])
{
    pid_ns[0] = '\0';
    return 0;
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

int tether__proc_same_arguments(int64_t pid, int64_t other, bool *same)
{
    (void)pid;
    (void)other;
    *same = false;
    return 0;
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
