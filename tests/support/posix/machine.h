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
