/* The directory handle on POSIX, and the modes of what tether creates, for the other files of this
 * folder. */
#ifndef TETHER_POSIX_DIR_H
#define TETHER_POSIX_DIR_H

#include <stdbool.h>

#include "os/file.h"

struct tether__dir {
    int fd;
    char *path;
};

enum { TETHER__POSIX_FILE_MODE = 0600, TETHER__POSIX_DIR_MODE = 0700 };

/* Opens a file like openat, and again when a signal has interrupted that, as some file systems
 * (NFS, FUSE) allow. Returns -1 and errno on failure. */
int tether__posix_open_at(int parent, const char *name, int flags, unsigned mode);

/* Creates a handle. Takes ownership of fd, also on failure; copies path, which may be NULL if
 * memory is short. */
int tether__posix_new_dir(int fd, const char *path, tether__dir **dir, tether_error *error);

/* Gives an open file or directory of this user the mode that it was created with, if the umask has
 * taken permissions of its owner. */
void tether__posix_ensure_mode(int fd, unsigned mode);

/* Does the same by name, for a file (S_IFREG) or directory (S_IFDIR) that therefore cannot be
 * opened: its creator died before tether__posix_ensure_mode, or the task has changed the mode of
 * its own files. The directory must be private. Returns whether the mode was changed. */
bool tether__posix_unlock(const tether__dir *dir, const char *name, unsigned type);

#endif
