/* Owns directories and files of the store: openat, starting from the directory that file_root.c
 * has verified, without following links.
 * Must not: know what the files mean.
 * Thread: any. */
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/read_whole.h"
#include "os/temporary.h"
#include "posix/dir.h"
#include "posix/error.h"
#include "posix/write_all.h"

enum { TREE_DEPTH_LIMIT = 64, BLOCK_SIZE = 32 * 1024 };

int tether__posix_open_at(int parent, const char *name, int flags, unsigned mode)
{
    int fd;
    do
        fd = openat(parent, name, flags, (mode_t)mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

int tether__posix_new_dir(int fd, const char *path, tether__dir **dir, tether_error *error)
{
    *dir = malloc(sizeof **dir);
    char *copy = path != NULL ? strdup(path) : NULL;
    if (*dir == NULL || copy == NULL) {
        free(*dir);
        free(copy);
        close(fd);
        *dir = NULL;
        return tether__fail_memory(error, "open directory");
    }
    **dir = (tether__dir){fd, copy};
    return TETHER_OK;
}

void tether__posix_ensure_mode(int fd, unsigned mode)
{
    struct stat st;
    if (fstat(fd, &st) == 0 && (st.st_mode & mode) != mode && st.st_uid == geteuid())
        fchmod(fd, (mode_t)mode);
}

bool tether__posix_unlock(const tether__dir *dir, const char *name, unsigned type)
{
    struct stat st;
    mode_t mode = type == S_IFDIR ? TETHER__POSIX_DIR_MODE : TETHER__POSIX_FILE_MODE;
    return fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & S_IFMT) == type &&
           (type == S_IFDIR || st.st_nlink == 1) && st.st_uid == geteuid() &&
           (st.st_mode & mode) != mode && fchmodat(dir->fd, name, mode, 0) == 0;
}

static int fail_removed(tether__dir *dir, int os_error, const char *step, tether_error *error)
{
    return tether__fail(error, TETHER_EGONE, os_error, step,
                        "%s: %.300s was removed while it was open; close the registry and open it "
                        "again",
                        step, dir->path);
}

/* ENOENT in a directory that is no longer linked means that the store was removed. */
static int fail_in(tether__dir *dir, int os_error, const char *step, const char *name,
                   tether_error *error)
{
    struct stat st;
    if (os_error == ENOENT && fstat(dir->fd, &st) == 0 && st.st_nlink == 0)
        return fail_removed(dir, os_error, step, error);
    char path[300];
    snprintf(path, sizeof path, "%s/%s", dir->path, name);
    return tether__posix_fail(error, os_error, step, path);
}

/* Returns a descriptor, or -1 and errno. */
static int open_dir(const tether__dir *parent, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = tether__posix_open_at(parent->fd, name, flags, 0);
    if (fd < 0 && errno == EACCES && tether__posix_unlock(parent, name, S_IFDIR))
        fd = tether__posix_open_at(parent->fd, name, flags, 0);
    return fd;
}

/* Makes a handle of what open_dir has returned. `ours`: this program creates the directory, now or
 * earlier, and may have died in between. */
static int take_dir(tether__dir *parent, const char *name, int fd, bool ours, tether__dir **dir,
                    tether_error *error)
{
    if (fd < 0)
        return fail_in(parent, tether__posix_refusal(errno), "open directory", name, error);
    if (ours)
        tether__posix_ensure_mode(fd, TETHER__POSIX_DIR_MODE);
    char path[PATH_MAX + NAME_MAX + 2];
    snprintf(path, sizeof path, "%s/%s", parent->path, name);
    return tether__posix_new_dir(fd, path, dir, error);
}

int tether__os_dir_open(tether__dir *parent, const char *name, bool create, tether__dir **dir,
                        tether_error *error)
{
    *dir = NULL;
    if (create && mkdirat(parent->fd, name, TETHER__POSIX_DIR_MODE) != 0 && errno != EEXIST)
        return fail_in(parent, errno, "create directory", name, error);
    return take_dir(parent, name, open_dir(parent, name), create, dir, error);
}

int tether__os_dir_ensure(tether__dir *parent, const char *name, bool *missing, tether__dir **dir,
                          tether_error *error)
{
    *dir = NULL;
    int fd = open_dir(parent, name);
    *missing = fd < 0 && errno == ENOENT;
    if (*missing)
        return tether__os_dir_open(parent, name, true, dir, error);
    return take_dir(parent, name, fd, true, dir, error);
}

void tether__os_dir_close(tether__dir *dir)
{
    if (dir == NULL)
        return;
    close(dir->fd);
    free(dir->path);
    free(dir);
}

const char *tether__os_dir_path(const tether__dir *dir)
{
    return dir->path;
}

int tether__os_dir_check(tether__dir *dir, tether_error *error)
{
    struct stat st;
    if (fstat(dir->fd, &st) != 0)
        return tether__posix_fail(error, errno, "check directory", dir->path);
    if (st.st_nlink == 0)
        return fail_removed(dir, ENOENT, "check directory", error);
    return TETHER_OK;
}

/* Returns the next entry other than "." and "..". NULL at the end, and after a failure, which
 * *os_error then names: a listing that failed must not look like a shorter one. */
static struct dirent *next_entry(DIR *stream, int *os_error)
{
    struct dirent *entry;
    do {
        errno = 0;
        entry = readdir(stream);
        if (entry == NULL && errno != EINTR) {
            *os_error = errno;
            return NULL;
        }
    } while (entry == NULL || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    return entry;
}

int tether__os_dir_list(tether__dir *dir, bool (*visit)(const char *name, void *userdata),
                        void *userdata, tether_error *error)
{
    /* A removed directory would look empty. */
    int code = tether__os_dir_check(dir, error);
    if (code != TETHER_OK)
        return code;
    int fd = tether__posix_open_at(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return fail_in(dir, errno, "list directory", ".", error);
    DIR *stream = fdopendir(fd);
    if (stream == NULL) {
        int os_error = errno;
        close(fd);
        return fail_in(dir, os_error, "list directory", ".", error);
    }
    int os_error = 0;
    for (struct dirent *entry; (entry = next_entry(stream, &os_error)) != NULL;) {
        if (!visit(entry->d_name, userdata))
            break;
    }
    closedir(stream);
    return os_error == 0 ? TETHER_OK : fail_in(dir, os_error, "list directory", ".", error);
}

static int open_new(tether__dir *dir, const char *name)
{
    int fd =
        tether__posix_open_at(dir->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                              TETHER__POSIX_FILE_MODE);
    if (fd >= 0)
        tether__posix_ensure_mode(fd, TETHER__POSIX_FILE_MODE);
    return fd;
}

/* Closes a new file, and removes it when it was not written (os_error is not 0) or cannot be
 * completed. Returns 0 or errno. */
static int finish_new_file(tether__dir *dir, const char *name, int fd, bool sync, int os_error)
{
    if (os_error == 0 && sync && fsync(fd) != 0)
        os_error = errno;
    if (close(fd) != 0 && os_error == 0 && errno != EINTR)
        os_error = errno;
    if (os_error != 0)
        unlinkat(dir->fd, name, 0);
    return os_error;
}

static int create_file(tether__dir *dir, const char *name, const void *data, size_t size, bool sync,
                       tether_error *error)
{
    int fd = open_new(dir, name);
    if (fd < 0)
        return fail_in(dir, errno, "create file", name, error);
    int os_error = finish_new_file(dir, name, fd, sync, tether__posix_write_all(fd, data, size));
    return os_error == 0 ? TETHER_OK : fail_in(dir, os_error, "write file", name, error);
}

int tether__os_file_create(tether__dir *dir, const char *name, const void *data, size_t size,
                           tether_error *error)
{
    return create_file(dir, name, data, size, false, error);
}

int tether__os_file_rename(tether__dir *dir, const char *name, const char *new_name, bool sync,
                           tether_error *error)
{
    if (renameat(dir->fd, name, dir->fd, new_name) != 0)
        return fail_in(dir, errno, "replace file", new_name, error);
    if (sync && fsync(dir->fd) != 0)
        return fail_in(dir, errno, "sync directory", new_name, error);
    return TETHER_OK;
}

int tether__os_file_replace(tether__dir *dir, const char *name, const void *data, size_t size,
                            bool sync, tether_error *error)
{
    char temporary[TETHER__TEMPORARY_SIZE];
    int code = tether__temporary_choose(temporary, error);
    if (code == TETHER_OK)
        code = create_file(dir, temporary, data, size, sync, error);
    if (code != TETHER_OK)
        return code;
    code = tether__os_file_rename(dir, temporary, name, sync, error);
    if (code != TETHER_OK)
        unlinkat(dir->fd, temporary, 0); /* already renamed if only the sync failed */
    return code;
}

static void fill_stamp(const struct stat *st, tether__file_stamp *stamp)
{
#ifdef __APPLE__
    struct timespec mtime = st->st_mtimespec;
#else
    struct timespec mtime = st->st_mtim;
#endif
    stamp->node = (uint64_t)st->st_ino;
    stamp->size = (uint64_t)st->st_size;
    stamp->mtime_ns = (int64_t)mtime.tv_sec * 1000000000 + mtime.tv_nsec;
}

/* Opens a file that must be a regular one with a single link. O_NONBLOCK, because opening a planted
 * FIFO would block forever. */
static int open_regular_for(int access, tether__dir *dir, const char *name, int *fd,
                            struct stat *st, tether_error *error)
{
    const int flags = access | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    *fd = tether__posix_open_at(dir->fd, name, flags, 0);
    if (*fd < 0 && errno == EACCES && access == O_RDONLY &&
        tether__posix_unlock(dir, name, S_IFREG))
        *fd = tether__posix_open_at(dir->fd, name, flags, 0);
    if (*fd < 0)
        return fail_in(dir, tether__posix_refusal(errno), "open file", name, error);
    int os_error = fstat(*fd, st) != 0 ? errno : 0;
    bool regular = os_error == 0 && S_ISREG(st->st_mode) && st->st_nlink <= 1;
    if (regular)
        return TETHER_OK;
    close(*fd);
    *fd = -1;
    if (os_error != 0)
        return fail_in(dir, os_error, "open file", name, error);
    return tether__fail(error, TETHER_ECORRUPT, 0, "open file",
                        "%.300s/%s is not a regular file with a single link; remove it", dir->path,
                        name);
}

static int open_regular(tether__dir *dir, const char *name, int *fd, struct stat *st,
                        tether_error *error)
{
    return open_regular_for(O_RDONLY, dir, name, fd, st, error);
}

int tether__os_file_append(tether__dir *dir, const char *name, const void *data, size_t size,
                           tether_error *error)
{
    int fd;
    struct stat st;
    int code = open_regular_for(O_WRONLY | O_APPEND, dir, name, &fd, &st, error);
    if (code != TETHER_OK)
        return code;
    int os_error = tether__posix_write_all(fd, data, size);
    if (close(fd) != 0 && os_error == 0 && errno != EINTR)
        os_error = errno;
    return os_error == 0 ? TETHER_OK : fail_in(dir, os_error, "write file", name, error);
}

/* Returns 0 or errno. */
static int extend(int fd, const void *data, size_t size, bool sync, struct stat *st)
{
    int os_error = tether__posix_write_all(fd, data, size);
    if (os_error != 0) {
        int cut = ftruncate(fd, st->st_size);
        (void)cut; /* what cannot be cut off stays, and its readers take it for damage */
        return os_error;
    }
    /* Data that was written as a whole is never taken back: somebody may have read it already. */
    return (sync && fsync(fd) != 0) || fstat(fd, st) != 0 ? errno : 0;
}

int tether__os_file_extend(tether__dir *dir, const char *name, const void *data, size_t size,
                           bool sync, tether__file_stamp *stamp, tether_error *error)
{
    int fd;
    struct stat st;
    int code = open_regular_for(O_WRONLY | O_APPEND, dir, name, &fd, &st, error);
    if (code != TETHER_OK)
        return code;
    int os_error = extend(fd, data, size, sync, &st);
    close(fd);
    if (os_error != 0)
        return fail_in(dir, os_error, "write file", name, error);
    fill_stamp(&st, stamp);
    return TETHER_OK;
}

static uint32_t read_some(intptr_t fd, void *buffer, size_t size, size_t *got)
{
    ssize_t part;
    *got = 0;
    do
        part = read((int)fd, buffer, size);
    while (part < 0 && errno == EINTR);
    if (part < 0)
        return (uint32_t)errno;
    *got = (size_t)part;
    return 0;
}

int tether__os_file_read(tether__dir *dir, const char *name, size_t limit, char **data,
                         size_t *size, tether__file_stamp *stamp, tether_error *error)
{
    int fd;
    struct stat st;
    uint32_t os_error;
    *data = NULL;
    *size = 0;
    int code = open_regular(dir, name, &fd, &st, error);
    if (code != TETHER_OK)
        return code;
    if (stamp != NULL)
        fill_stamp(&st, stamp);
    tether__whole result = tether__read_whole(fd, read_some, limit, data, size, &os_error);
    close(fd);
    switch (result) {
    case TETHER__WHOLE_READ:
        if (*size >= (uint64_t)st.st_size)
            return TETHER_OK;
        free(*data);
        *data = NULL;
        *size = 0;
        return tether__fail(error, TETHER_EIO, 0, "read file",
                            "%.300s/%s became shorter while it was read; read it again", dir->path,
                            name);
    case TETHER__WHOLE_TOO_BIG:
        return tether__fail(
            error, TETHER_ETOOBIG, 0, "read file",
            "%.300s/%s has more than %zu bytes; tether did not write it: move it away", dir->path,
            name, limit);
    case TETHER__WHOLE_NO_MEMORY:
        return fail_in(dir, ENOMEM, "read file", name, error);
    case TETHER__WHOLE_FAILED:
        break;
    }
    return fail_in(dir, (int)os_error, "read file", name, error);
}

/* Returns 0 or errno. */
static int read_at(int fd, uint64_t offset, char *buffer, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        ssize_t part = pread(fd, buffer + *got, size - *got, (off_t)(offset + *got));
        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return errno;
        if (part == 0)
            break;
        *got += (size_t)part;
    }
    return 0;
}

int tether__os_file_read_at(tether__dir *dir, const char *name, uint64_t offset, void *buffer,
                            size_t size, size_t *got, tether_error *error)
{
    int fd;
    struct stat st;
    *got = 0;
    int code = open_regular(dir, name, &fd, &st, error);
    if (code != TETHER_OK)
        return code;
    int os_error = read_at(fd, offset, buffer, size, got);
    close(fd);
    return os_error == 0 ? TETHER_OK : fail_in(dir, os_error, "read file", name, error);
}

int tether__os_file_open(tether__dir *dir, const char *name, tether__file *file,
                         tether__file_stamp *stamp, tether_error *error)
{
    int fd;
    struct stat st;
    int code = open_regular(dir, name, &fd, &st, error);
    file->handle = code == TETHER_OK ? fd : -1;
    if (code == TETHER_OK && stamp != NULL)
        fill_stamp(&st, stamp);
    return code;
}

int tether__os_file_size(const tether__file *file, uint64_t *size, tether_error *error)
{
    struct stat st;
    *size = 0;
    if (fstat((int)file->handle, &st) != 0)
        return tether__posix_fail(error, errno, "inspect file", NULL);
    *size = (uint64_t)st.st_size;
    return TETHER_OK;
}

int tether__os_file_pread(const tether__file *file, uint64_t offset, void *buffer, size_t size,
                          size_t *got, tether_error *error)
{
    int os_error = read_at((int)file->handle, offset, buffer, size, got);
    return os_error == 0 ? TETHER_OK : tether__posix_fail(error, os_error, "read file", NULL);
}

/* Returns 0 or errno. */
static int copy_part(int from, uint64_t offset, uint64_t size, int to)
{
    char block[BLOCK_SIZE];
    while (size > 0) {
        size_t want = size < sizeof block ? (size_t)size : sizeof block;
        size_t got;
        int os_error = read_at(from, offset, block, want, &got);
        if (os_error == 0 && got < want)
            os_error = EIO;
        if (os_error == 0)
            os_error = tether__posix_write_all(to, block, got);
        if (os_error != 0)
            return os_error;
        offset += got;
        size -= got;
    }
    return 0;
}

int tether__os_file_copy(const tether__file *from, uint64_t offset, uint64_t size, tether__dir *dir,
                         bool sync, char temporary[TETHER__TEMPORARY_SIZE], tether_error *error)
{
    int code = tether__temporary_choose(temporary, error);
    if (code != TETHER_OK)
        return code;
    int fd = open_new(dir, temporary);
    if (fd < 0)
        return fail_in(dir, errno, "create file", temporary, error);
    int os_error = copy_part((int)from->handle, offset, size, fd);
    os_error = finish_new_file(dir, temporary, fd, sync, os_error);
    return os_error == 0 ? TETHER_OK : fail_in(dir, os_error, "copy file", temporary, error);
}

void tether__os_file_close(tether__file *file)
{
    if (file->handle >= 0)
        close((int)file->handle);
    file->handle = -1;
}

int tether__os_file_stamp(tether__dir *dir, const char *name, tether__file_stamp *stamp,
                          tether_error *error)
{
    struct stat st;
    *stamp = (tether__file_stamp){0};
    if (fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return fail_in(dir, errno, "inspect file", name, error);
    fill_stamp(&st, stamp);
    return TETHER_OK;
}

int tether__os_file_remove(tether__dir *dir, const char *name, tether_error *error)
{
    if (unlinkat(dir->fd, name, 0) == 0 || errno == ENOENT)
        return TETHER_OK;
    return fail_in(dir, errno, "remove file", name, error);
}

/* Removes a directory and its content, following no links; everything that is not a directory is
 * unlinked. Returns 0 or errno. */
static int remove_tree(int parent, const char *name, int depth)
{
    if (depth >= TREE_DEPTH_LIMIT)
        return ELOOP;
    int fd =
        tether__posix_open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0)
        return errno == ENOENT ? 0 : errno;
    DIR *stream = fdopendir(fd);
    if (stream == NULL) {
        int why = errno;
        close(fd);
        return why;
    }
    int os_error = 0;
    for (struct dirent *entry; os_error == 0 && (entry = next_entry(stream, &os_error)) != NULL;) {
        if (unlinkat(fd, entry->d_name, 0) == 0 || errno == ENOENT)
            continue;
        os_error = errno;
        /* Not every system reports EISDIR for a directory; a file may be immutable. */
        if (os_error == EISDIR || os_error == EPERM) {
            int tree_error = remove_tree(fd, entry->d_name, depth + 1);
            os_error = tree_error == ENOTDIR ? os_error : tree_error;
        }
    }
    closedir(stream);
    if (os_error == 0 && unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        os_error = errno;
    return os_error;
}

int tether__os_dir_remove(tether__dir *parent, const char *name, tether_error *error)
{
    int os_error = remove_tree(parent->fd, name, 0);
    return os_error == 0 ? TETHER_OK : fail_in(parent, os_error, "remove directory", name, error);
}

int tether__os_move(tether__dir *from, const char *name, tether__dir *to, const char *new_name,
                    tether_error *error)
{
    struct stat st;
    if (fstatat(to->fd, new_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return tether__posix_fail(error, EEXIST, "move", new_name);
    if (renameat(from->fd, name, to->fd, new_name) != 0)
        return fail_in(from, errno, "move", name, error);
    return TETHER_OK;
}
