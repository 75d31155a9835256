/* Owns the code that macOS and the BSDs share to read the process table with sysctl.
 * Must not: know the structures of one system.
 * Thread: any. */
#include "posix/proc_sysctl.h"

#include <sys/types.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>
#include <unistd.h>

enum { TRIES = 8, SPARE_BYTES = 16384 };

int tether__sysctl_entry(int *name, unsigned depth, void *entry, size_t size)
{
    size_t got = size;
    if (sysctl(name, depth, entry, &got, NULL, 0) != 0)
        return errno;
    if (got == 0)
        return ESRCH;
    return got < size ? ENOSYS : 0;
}

int tether__sysctl_table(int *name, unsigned depth, void **data, size_t *size)
{
    *data = NULL;
    for (int i = 0; i < TRIES; i++) {
        if (sysctl(name, depth, NULL, size, NULL, 0) != 0)
            return errno;
        *size += *size / 8 + SPARE_BYTES; /* processes may start before the next call */
        free(*data);
        *data = malloc(*size);
        if (*data == NULL)
            return ENOMEM;
        if (sysctl(name, depth, *data, size, NULL, 0) == 0)
            return 0;
        int os_error = errno;
        if (os_error != ENOMEM) {
            free(*data);
            *data = NULL;
            return os_error;
        }
    }
    free(*data);
    *data = NULL;
    return EAGAIN;
}

int tether__sysctl_strings(int *name, unsigned depth, void **data, size_t *size)
{
    long limit = sysconf(_SC_ARG_MAX);
    *size = limit > 0 ? (size_t)limit : 256 * 1024;
    *data = malloc(*size);
    if (*data == NULL)
        return ENOMEM;
    if (sysctl(name, depth, *data, size, NULL, 0) == 0)
        return 0;
    int os_error = errno;
    free(*data);
    *data = NULL;
    return os_error;
}

static tether__proc_variable each_value(const char *block, size_t size, const char *prefix,
                                        size_t capacity,
                                        bool (*take)(const char *value, void *userdata),
                                        void *userdata)
{
    size_t skip = strlen(prefix);
    tether__proc_variable found = TETHER__VARIABLE_ABSENT;
    for (size_t at = 0; at < size;) {
        const char *entry = block + at;
        const char *end = memchr(entry, '\0', size - at);
        if (end == NULL) /* the block was truncated */
            break;
        size_t length = (size_t)(end - entry);
        if (length >= skip && length - skip < capacity && memcmp(entry, prefix, skip) == 0) {
            found = TETHER__VARIABLE_PRESENT;
            if (!take(entry + skip, userdata))
                break;
        }
        at += length + 1;
    }
    return found;
}

/* Maps the errno of an unreadable environment to a result. */
static tether__proc_variable unread(int os_error)
{
    /* EPERM, EACCES and EINVAL: we may not read it, or the process has none. */
    bool transient = os_error == EAGAIN || os_error == EBUSY || os_error == ESRCH;
    if (tether__posix_is_shortage(os_error))
        return TETHER__VARIABLE_FAILED;
    return transient ? TETHER__VARIABLE_UNKNOWN : TETHER__VARIABLE_ABSENT;
}

tether__proc_variable tether__proc_each_value(int64_t pid, const char *prefix, size_t capacity,
                                              bool (*take)(const char *value, void *userdata),
                                              void *userdata)
{
    void *block;
    size_t size, begin;
    int os_error = tether__sysctl_environment(pid, &block, &size, &begin);
    if (os_error != 0)
        return unread(os_error);
    tether__proc_variable found =
        each_value((const char *)block + begin, size - begin, prefix, capacity, take, userdata);
    free(block);
    return found;
}

/* These systems do not show who started a setuid program. */
int tether__proc_environment_is_from(int64_t pid, int64_t user, bool *is_from)
{
    int64_t owner;
    int os_error = tether__proc_user(pid, &owner);
    *is_from = os_error == 0 && (owner == 0 || owner == user);
    return os_error;
}

int tether__proc_environment_is_empty(int64_t pid, bool *is_empty)
{
    (void)pid;
    *is_empty = false;
    return 0;
}

int tether__proc_same_arguments(int64_t pid, int64_t other, bool *same)
{
    void *a = NULL, *b = NULL;
    size_t a_size = 0, b_size = 0;
    int os_error = tether__sysctl_arguments(pid, &a, &a_size);
    if (os_error == 0)
        os_error = tether__sysctl_arguments(other, &b, &b_size);
    *same = os_error == 0 && a_size == b_size && memcmp(a, b, a_size) == 0;
    free(a);
    free(b);
    return tether__posix_is_shortage(os_error) ? os_error : 0;
}

/* With a whole entry as the prefix, only the empty value fits into a capacity of one byte. */
static bool stop_at_first(const char *value, void *userdata)
{
    (void)value;
    (void)userdata;
    return false;
}

tether__proc_variable tether__proc_find_variable(int64_t pid, const char *entry)
{
    return tether__proc_each_value(pid, entry, 1, stop_at_first, NULL);
}

/* These systems have no pid namespaces. */
int tether__proc_check_own(bool *own)
{
    *own = true;
    return 0;
}

int tether__proc_pid_ns(char pid_ns[TETHER__PID_NS_SIZE])
{
    pid_ns[0] = '\0';
    return 0;
}
