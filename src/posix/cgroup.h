/* The files of a cgroup (version 2), for the other files of this folder and the monitor's. The
 * cgroup of a task has two below it: its monitor must not end when the command's memory is short.
 */
#ifndef TETHER_CGROUP_H
#define TETHER_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TETHER__CGROUP_PREFIX "tether-" /* before the task's id */
#define TETHER__CGROUP_TASK "task"
#define TETHER__CGROUP_MONITOR "monitor"

/* Stores the cgroup of this process as a path below the mount; "" is the whole. `root` stands
 * before the path of the file that is read, "" for this machine. False: it is not known. */
bool tether__cgroup_own(const char *root, char *own, size_t capacity);

/* Writes a text into a file of a cgroup; `part` is the name below `cgroup`, such as
 * "task/cgroup.kill". Returns 0 or errno. */
int tether__cgroup_write(const char *cgroup, const char *part, const char *text);

/* Reads the number in such a file: the whole text, or, with a key, the one behind it. -1: there is
 * none. */
int64_t tether__cgroup_read(const char *cgroup, const char *part, const char *key);

/* Removes the cgroup of a task and those below it, unless processes are left there. Returns 0 or
 * errno. */
int tether__cgroup_remove(const char *cgroup);

#endif
