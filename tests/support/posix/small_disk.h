/* A small file system in memory, which only this process sees and which disappears with it. Skips
 * the test where there is none: it needs Linux and root. */
#ifndef TETHER_TEST_SMALL_DISK_H
#define TETHER_TEST_SMALL_DISK_H

#include "support/support.h"

/* Mounts it in the test's folder, with these options of tmpfs. Returns its path. */
char *small_disk_mount(const fixture *f, const char *options);

/* Unmounts it, and frees the path. */
void small_disk_unmount(char *path);

/* Fills it with a file "filler". */
void small_disk_fill(const char *path);

/* Removes that file. */
void small_disk_empty(const char *path);

/* Returns a copy of the fixture with its store there, whose path is put into `store`. */
fixture small_disk_store(const fixture *f, const char *path, char *store, size_t room);

#endif
