/* Seam: directories and files of the store. Names are single path components. The implementation
 * follows no symbolic link below the store's own directory, opens regular files only, and creates
 * everything private to the current user and close-on-exec. Every call may block on the disk. Any
 * thread; threads may share a directory handle. Errors are tether codes: ENOENT of a file is
 * TETHER_ENOTASK, of a removed directory TETHER_EGONE. `error` may be NULL. */
#ifndef TETHER_OS_FILE_H
#define TETHER_OS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether/error.h"

typedef struct tether__dir tether__dir;

/* Identifies one version of a file: a replaced or rewritten file has another stamp. All zero: no
 * file. */
typedef struct tether__file_stamp {
    uint64_t node;
    uint64_t size;
    int64_t mtime_ns; /* Unix time, by the wall clock */
} tether__file_stamp;

/* Opens the store's directory by path, which may be relative. With `create`, creates it and its
 * parents with mode 0700. Fails with TETHER_ESTORE, and the remedy in the message, when the path is
 * not a directory, is a link, belongs to another user, or is accessible to others. */
int tether__os_dir_open_root(const char *path, bool create, tether__dir **dir, tether_error *error);

/* Opens a subdirectory, and with `create` creates it when it is missing. The same rules apply. */
int tether__os_dir_open(tether__dir *parent, const char *name, bool create, tether__dir **dir,
                        tether_error *error);

/* Does the same with `create`, for one that is usually there: does not try to create it first.
 * Stores whether it was missing. */
int tether__os_dir_ensure(tether__dir *parent, const char *name, bool *missing, tether__dir **dir,
                          tether_error *error);

/* NULL is allowed. */
void tether__os_dir_close(tether__dir *dir);

/* Returns the absolute path in UTF-8, for messages, scripts and children. Valid as long as the
 * handle. */
const char *tether__os_dir_path(const tether__dir *dir);

/* Returns TETHER_OK while the directory is still linked in its file system, else TETHER_EGONE. */
int tether__os_dir_check(tether__dir *dir, tether_error *error);

/* Calls visit for every entry except "." and ".."; stops when it returns false. Entries may come
 * and go during the call. After a failure, entries may be missing. */
int tether__os_dir_list(tether__dir *dir, bool (*visit)(const char *name, void *userdata),
                        void *userdata, tether_error *error);

/* Creates a file, which must not exist, and writes all data to it. Leaves nothing behind on
 * failure. */
int tether__os_file_create(tether__dir *dir, const char *name, const void *data, size_t size,
                           tether_error *error);

/* Writes a whole file and atomically puts it in the place of an existing one, if any: readers see
 * the old version or the new one. With `sync` the data and the name are on the disk on return. */
int tether__os_file_replace(tether__dir *dir, const char *name, const void *data, size_t size,
                            bool sync, tether_error *error);

/* Appends to an existing regular file that has a single link. On failure, a part of the data may be
 * written. */
int tether__os_file_append(tether__dir *dir, const char *name, const void *data, size_t size,
                           tether_error *error);

/* Appends all the data or nothing, for a caller that is the only one that writes to the file: cuts
 * off what a failed write has left. If only the sync fails, the data stays. Stores the file's new
 * stamp. The same rules apply. With `sync` the data is on the disk on return. */
int tether__os_file_extend(tether__dir *dir, const char *name, const void *data, size_t size,
                           bool sync, tether__file_stamp *stamp, tether_error *error);

/* Reads a whole file of at most `limit` bytes. Fails with TETHER_ETOOBIG for a larger file, and
 * with TETHER_ECORRUPT for anything but a regular file with a single link. These two say something
 * about the file, as TETHER_ENOTASK does; every other failure, also that of a file that becomes
 * shorter meanwhile (TETHER_EIO), leaves unknown what is in it. *data ends with an additional zero
 * byte; free it with free(). stamp may be NULL. */
int tether__os_file_read(tether__dir *dir, const char *name, size_t limit, char **data,
                         size_t *size, tether__file_stamp *stamp, tether_error *error);

/* Reads up to size bytes at an offset; *got is 0 at the end. */
int tether__os_file_read_at(tether__dir *dir, const char *name, uint64_t offset, void *buffer,
                            size_t size, size_t *got, tether_error *error);

/* A file opened for reading. The handle refers to the same file, with all its content, after
 * another file has taken its name. */
typedef struct tether__file {
    intptr_t handle; /* -1: none */
} tether__file;

/* Opens a file by the rules of tether__os_file_read. stamp may be NULL. The caller closes the file;
 * the handle is -1 on failure. */
int tether__os_file_open(tether__dir *dir, const char *name, tether__file *file,
                         tether__file_stamp *stamp, tether_error *error);

/* Stores the current size in bytes. */
int tether__os_file_size(const tether__file *file, uint64_t *size, tether_error *error);

/* Reads up to size bytes at an offset; *got is 0 at the end. */
int tether__os_file_pread(const tether__file *file, uint64_t offset, void *buffer, size_t size,
                          size_t *got, tether_error *error);

/* A file whose handle is -1 is allowed. */
void tether__os_file_close(tether__file *file);

/* Size of a buffer for the name of a file that is being written; such names begin with ".tmp-". */
#define TETHER__TEMPORARY_SIZE 24

/* Copies a part of an open file, block by block, into a new file with a temporary name. Fails with
 * TETHER_EIO when the file ends before the part does. Leaves nothing behind on failure. With `sync`
 * the data is on the disk on return. */
int tether__os_file_copy(const tether__file *from, uint64_t offset, uint64_t size, tether__dir *dir,
                         bool sync, char temporary[TETHER__TEMPORARY_SIZE], tether_error *error);

/* Atomically renames a file within its directory, over an existing file of the new name. With
 * `sync` the new name is on the disk on return. */
int tether__os_file_rename(tether__dir *dir, const char *name, const char *new_name, bool sync,
                           tether_error *error);

/* Stores the stamp of the entry of this name, which may be of any type. */
int tether__os_file_stamp(tether__dir *dir, const char *name, tether__file_stamp *stamp,
                          tether_error *error);

/* Removes a file; a missing one is no error. On return its name is free, even if others have it
 * open. Where the system keeps the name for them, waits a moment for them to close it; a name that
 * is still taken then is freed by them, without another removal. */
int tether__os_file_remove(tether__dir *dir, const char *name, tether_error *error);

/* Removes a directory and its content, following no link; a missing one is no error. Its name is
 * freed like that of a file. */
int tether__os_dir_remove(tether__dir *parent, const char *name, tether_error *error);

/* Moves a file or directory. Fails, and changes nothing, when the new name is taken. */
int tether__os_move(tether__dir *from, const char *name, tether__dir *to, const char *new_name,
                    tether_error *error);

#endif
