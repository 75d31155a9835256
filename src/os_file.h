/* Seam: directories and files of the store. Names are single path components: the implementation
 * follows no symbolic link below the store's own directory, opens regular files only, and creates
 * everything for the current user alone, close-on-exec. Every call may block on the disk; any
 * thread; one directory handle may be used by many threads. Errors are returned as tether codes:
 * ENOENT of a file is TETHER_ENOTASK, of a directory that was removed TETHER_EGONE. `error` may be
 * NULL. */
#ifndef TETHER_OS_FILE_H
#define TETHER_OS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether/error.h"

typedef struct tether__dir tether__dir;

/* Tells one version of a file from another: replaced or rewritten files differ. All zero: no file.
 */
typedef struct tether__file_stamp {
    uint64_t node;
    uint64_t size;
    int64_t mtime_ns; /* Unix time, by the wall clock */
} tether__file_stamp;

/* Opens the store's directory by path, which may be relative; creates it and its parents with mode
 * 0700 where `create`. Refuses, with TETHER_ESTORE and the cure in the message, what is no
 * directory, a link, not the user's own, or open to others. */
int tether__os_dir_open_root(const char *path, bool create, tether__dir **dir, tether_error *error);

/* Opens (creates) a directory in a directory; the same rules. */
int tether__os_dir_open(tether__dir *parent, const char *name, bool create, tether__dir **dir,
                        tether_error *error);

/* NULL is allowed. */
void tether__os_dir_close(tether__dir *dir);

/* The absolute path, UTF-8, for messages, scripts and children. Lives as long as the handle. */
const char *tether__os_dir_path(const tether__dir *dir);

/* TETHER_OK while the directory is still linked in its file system, else TETHER_EGONE. */
int tether__os_dir_check(tether__dir *dir, tether_error *error);

/* Calls visit for every entry but "." and ".."; stops when it returns false. Entries may change
 * meanwhile. */
int tether__os_dir_list(tether__dir *dir, bool (*visit)(const char *name, void *userdata),
                        void *userdata, tether_error *error);

/* Creates a file that must not exist, and writes it whole; nothing is left after a failure. */
int tether__os_file_create(tether__dir *dir, const char *name, const void *data, size_t size,
                           tether_error *error);

/* Puts a whole file in the place of another, or where none was, in one step that readers see
 * entirely or not at all. With `sync` the data and the name are on the disk before it returns. */
int tether__os_file_replace(tether__dir *dir, const char *name, const void *data, size_t size,
                            bool sync, tether_error *error);

/* Reads a whole file of at most limit bytes; a larger one is TETHER_ETOOBIG, and anything but a
 * plain file with one name is TETHER_ECORRUPT. *data has a zero after its end and is freed with
 * free(). stamp may be NULL. */
int tether__os_file_read(tether__dir *dir, const char *name, size_t limit, char **data,
                         size_t *size, tether__file_stamp *stamp, tether_error *error);

/* Reads up to size bytes at an offset; *got is 0 at the end. */
int tether__os_file_read_at(tether__dir *dir, const char *name, uint64_t offset, void *buffer,
                            size_t size, size_t *got, tether_error *error);

/* The stamp of what has this name, whatever it is. */
int tether__os_file_stamp(tether__dir *dir, const char *name, tether__file_stamp *stamp,
                          tether_error *error);

/* Removes a file; one that is not there is no error. */
int tether__os_file_remove(tether__dir *dir, const char *name, tether_error *error);

/* Removes a directory and what is in it, following no link; one that is not there is no error. */
int tether__os_dir_remove(tether__dir *parent, const char *name, tether_error *error);

/* Moves a file or directory; what has the new name already stays, and the call fails. */
int tether__os_move(tether__dir *from, const char *name, tether__dir *to, const char *new_name,
                    tether_error *error);

#endif
