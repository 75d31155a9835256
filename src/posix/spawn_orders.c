/* Owns passing its orders to a monitor: as a variable of its environment, or in a file without a
 * name, which costs as much as a step of the start.
 * Must not: leave a name behind, or make an environment so large that a system refuses it.
 * Thread: any. */
#include "posix/spawn_orders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "format/orders.h"
#include "posix/dir.h"
#include "posix/error.h"
#include "posix/write_all.h"

static const char step[] = "pass orders";

/* Every system takes an environment of the last size, and orders are no part of those that a start
 * was checked for. */
enum { PACKED_LIMIT = 4096, ENVIRONMENT_LIMIT = 64 * 1024 };

/* Counts the variables. Returns false if they are too long for one more. */
static bool count_variables(const char *const *envp, size_t *count)
{
    size_t bytes = 0;
    for (*count = 0; envp[*count] != NULL; ++*count)
        bytes += strlen(envp[*count]) + 1 + sizeof *envp;
    return bytes <= ENVIRONMENT_LIMIT;
}

int tether__posix_pack_orders(const tether__start *start, const char ***envp, tether_error *error)
{
    static const char name[] = TETHER__ORDERS_VARIABLE;
    size_t count;
    *envp = NULL;
    if (start->orders_size > PACKED_LIMIT || !count_variables(start->envp, &count))
        return TETHER_OK;
    size_t pointers = (count + 2) * sizeof **envp;
    size_t named = sizeof name + strlen(start->task_id) + sizeof "=";
    const char **all = malloc(pointers + named + start->orders_size);
    if (all == NULL)
        return tether__fail_memory(error, step);
    char *variable = (char *)all + pointers;
    int length = snprintf(variable, named, "%s%s=", name, start->task_id);
    all[0] = variable;
    memcpy(all + 1, start->envp, (count + 1) * sizeof *all);
    if (tether__orders_to_value(start->orders, start->orders_size, variable + length))
        *envp = all;
    else
        free(all);
    return TETHER_OK;
}

/* Creates a file in the bundle and takes its name away. */
static int open_in_bundle(tether__dir *bundle)
{
    static const char name[] = ".orders";
    int fd = openat(bundle->fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    TETHER__POSIX_FILE_MODE);
    if (fd >= 0 && unlinkat(bundle->fd, name, 0) != 0) {
        int os_error = errno;
        close(fd);
        errno = os_error;
        return -1;
    }
    return fd;
}

static int open_nameless(tether__dir *bundle)
{
#ifdef MFD_CLOEXEC
    int fd = memfd_create("tether-orders", MFD_CLOEXEC);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return fd;
#endif
    return open_in_bundle(bundle);
}

int tether__posix_open_orders(const tether__start *start, tether_error *error)
{
    int fd = open_nameless(start->bundle);
    if (fd < 0)
        return tether__posix_fail(error, errno, step, NULL);
    int os_error = tether__posix_write_all(fd, start->orders, start->orders_size);
    if (os_error == 0 && lseek(fd, 0, SEEK_SET) != 0)
        os_error = errno;
    if (os_error == 0)
        return fd;
    close(fd);
    return tether__posix_fail(error, os_error, step, NULL);
}
