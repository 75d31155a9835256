/* What tests ask and change of the machine in ways that each system has its own, or none. */
#ifndef TETHER_TEST_MACHINE_H
#define TETHER_TEST_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

/* From a new child: it goes with its parent, where the system can do that. */
void machine_die_with_parent(void);

/* After a change of the user: this process is that user's to look at. */
bool machine_be_visible(void);

/* Whether a process can have mounts and pids of its own here. Everything below is false without. */
bool machine_has_namespaces(void);

/* Mounts of this process's own, which go with it. */
bool machine_own_mounts(void);

/* Pids of its children's own, and mounts too. */
bool machine_own_pids(void);

/* From the first process of such: a /proc of its own. */
bool machine_own_proc(void);

/* A small file system in memory; needs root. The options are those of Linux's tmpfs. */
bool machine_mount(const char *path, const char *options);
bool machine_make_read_only(const char *path);
bool machine_unmount(const char *path);

/* How much memory this process has in use. */
long machine_resident_bytes(void);

/* How many threads this process has; 0: it cannot be told. */
int machine_count_threads(void);

#endif
