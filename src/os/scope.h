/* Seam: a cgroup of its own for a task, so that what ends the host's service or login does not end
 * the task, and its memory can be limited as a whole. */
#ifndef TETHER_OS_SCOPE_H
#define TETHER_OS_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether/error.h"

/* Makes the cgroup of a task, with one below it for the monitor and one, which has the limit in
 * bytes (0: none), for the command. *path is the caller's, to be freed with free(). Leaves nothing
 * behind on failure. TETHER_ENOTSUP: no cgroup is delegated to this user, or it cannot limit
 * memory; the message has the step and the cure. Any thread. */
int tether__os_scope_make(const char *task_id, uint64_t memory_limit, char **path,
                          tether_error *error);

/* Removes the cgroup of a task, unless processes are left in it; one that is not there is no error.
 * Does nothing if the path is not one that tether__os_scope_make gives for this task. */
void tether__os_scope_remove(const char *path, const char *task_id);

/* Explains, for doctor, whether a task can have a cgroup of its own, and writes the answer into the
 * buffer. False: the system has no such thing, and there is no answer. */
bool tether__os_scope_describe(bool *possible, char *buffer, size_t size);

/* Finds what around this process ends its tasks too, whatever they do: a service, a login, a
 * container. Writes what to do about it into the buffer; false: nothing is known to. `root` stands
 * before the names of all files that are read, and is "" but in tests. */
bool tether__os_scope_danger(const char *root, char *buffer, size_t size);

#endif
