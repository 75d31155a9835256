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

/* Appends to a plain file with one name that is there already; what fits is written. */
int tether__os_file_append(tether__dir *dir, const char *name, const void *data, size_t size,
                           tether_error *error);

/* Reads a whole file of at most limit bytes; a larger one is TETHER_ETOOBIG, and anything but a
 * plain file with one name is TETHER_ECORRUPT. *data has a zero after its end and is freed with
 * free(). stamp may be NULL. */
int tether__os_file_read(tether__dir *dir, const char *name, size_t limit, char **data,
                         size_t *size, tether__file_stamp *stamp, tether_error *error);

/* Reads up to size bytes at an offset; *got is 0 at the end. */
int tether__os_file_read_at(tether__dir *dir, const char *name, uint64_t offset, void *buffer,
                            size_t size, size_t *got, tether_error *error);

/* A file that was opened for reading. It stays the same one, with all that is in it, also after
 * another has taken its name. */
typedef struct tether__file {
    intptr_t handle; /* -1: none */
} tether__file;

/* Opens a file; the rules of tether__os_file_read. The caller closes it; handle -1 on failure. */
int tether__os_file_open(tether__dir *dir, const char *name, tether__file *file,
                         tether_error *error);

/* How long the file is now. */
int tether__os_file_size(const tether__file *file, uint64_t *size, tether_error *error);

/* Reads up to size bytes at an offset; *got is 0 at the end. */
int tether__os_file_pread(const tether__file *file, uint64_t offset, void *buffer, size_t size,
                          size_t *got, tether_error *error);

/* A file without a handle is allowed. */
void tether__os_file_close(tether__file *file);

/* Room for the name of a file that is being written; it begins with ".tmp-". */
#define TETHER__TEMPORARY_SIZE 24

/* Copies a part of an open file into a new file with a temporary name, block by block. TETHER_EIO
 * where the file does not go so far. Nothing is left after a failure. With `sync` the data is on
 * the disk before it returns. */
int tether__os_file_copy(const tether__file *from, uint64_t offset, uint64_t size, tether__dir *dir,
                         bool sync, char temporary[TETHER__TEMPORARY_SIZE], tether_error *error);

/* Gives a file another name in its directory, in the place of what has that one, in one step. With
 * `sync` the name is on the disk before it returns. */
int tether__os_file_rename(tether__dir *dir, const char *name, const char *new_name, bool sync,
                           tether_error *error);

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
