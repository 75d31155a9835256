/* Operations on the machine that tests need and that each system does in its own way, or not at
 * all. */
#ifndef TETHER_TEST_MACHINE_H
#define TETHER_TEST_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

/* In a new child: makes it die with its parent, where the system supports that. */
void machine_die_with_parent(void);

/* After a change of the user: lets that user inspect this process. */
bool machine_be_visible(void);

/* Whether a process can have its own mounts and pids. If not, the machine_own_ functions return
 * false. */
bool machine_has_namespaces(void);

/* Gives this process its own mounts, which disappear with it. */
bool machine_own_mounts(void);

/* Gives the children of this process their own pid namespace, and mounts too. */
bool machine_own_pids(void);

/* In the first process of such a namespace: mounts its own /proc. */
bool machine_own_proc(void);

/* Gives the children of this process their own clocks: those that are never set are ahead of the
 * machine's by this much. False: the system has no time namespaces. */
bool machine_own_time(long long seconds, long nanoseconds);

/* After machine_own_mounts: hides /proc. */
bool machine_hide_proc(void);

/* Makes the system refuse these calls, by number, to this process and all that it starts: they fail
 * with os_error, as under the seccomp filters of container hosts. Cannot be undone. */
bool machine_refuse(const int *calls, size_t count, int os_error);

/* Mounts a small file system in memory, changes it, and unmounts it; needs root. The options are
 * those of Linux's tmpfs. */
bool machine_mount(const char *path, const char *options);
bool machine_make_read_only(const char *path);
bool machine_unmount(const char *path);

/* Returns how much memory this process uses. */
long machine_resident_bytes(void);

/* Returns the number of threads of this process; 0 if unknown. */
int machine_count_threads(void);

/* Whether the first thread of a process has exited, as far as the system shows that; true where it
 * does not. */
bool machine_first_thread_exited(long pid);

#endif
