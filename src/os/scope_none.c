/* Owns what is left of the seam on systems without cgroups.
 * Must not: promise a limit.
 * Thread: any. */
#include "os/scope.h"

#include "base/error.h"

int tether__os_scope_make(const char *task_id, uint64_t memory_limit, char **path,
                          tether_error *error)
{
    (void)task_id;
    (void)memory_limit;
    *path = NULL;
    return tether__fail(error, TETHER_ENOTSUP, 0, "make scope",
                        "this system has no cgroups; leave out the scope and the memory limit");
}

void tether__os_scope_remove(const char *path, const char *task_id)
{
    (void)path;
    (void)task_id;
}

bool tether__os_scope_describe(bool *possible, char *buffer, size_t size)
{
    (void)buffer;
    (void)size;
    *possible = false;
    return false;
}

bool tether__os_scope_danger(const char *root, char *buffer, size_t size)
{
    (void)root;
    (void)buffer;
    (void)size;
    return false;
}
