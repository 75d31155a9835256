/* Owns the lifeline's file: its lock, its reserved disk space, its probe.
 * Must not: write lines of its own into it; the supervisor alone writes them.
 * Thread: any. */
#include "os/lifeline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "os/temporary.h"
#include "posix/dir.h"
#include "posix/error.h"
#include "posix/write_all.h"
#include "tether/task.h"

static const char step[] = "create lifeline";

enum { RESERVED_BYTES = 4096 };

/* Reserves disk space that appended lines use, also when the disk is full by then. Returns 0 or
 * errno. */
static int reserve(int fd)
{
#ifdef FALLOC_FL_KEEP_SIZE
    int result;
    do
        result = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, RESERVED_BYTES);
    while (result != 0 && errno == EINTR);
    /* EPERM: a seccomp filter refuses the call. */
    if (result != 0 && errno != EOPNOTSUPP && errno != ENOSYS && errno != EPERM)
        return errno;
#elif defined(F_PREALLOCATE)
    /* macOS; allocates past the end of the file, which stays where it is */
    fstore_t room = {
        .fst_flags = F_ALLOCATEALL, .fst_posmode = F_PEOFPOSMODE, .fst_length = RESERVED_BYTES};
    if (fcntl(fd, F_PREALLOCATE, &room) != 0 && errno == ENOSPC)
        return errno;
#else
    (void)fd; /* posix_fallocate would move the end of the file */
#endif
    return 0;
}

/* Locks the file. Blocks, because a probe may hold its shared lock for an instant.
 * Returns 0 or errno. */
static int lock_exclusive(int fd)
{
    while (flock(fd, LOCK_EX) != 0) {
        if (errno != EINTR)
            return errno;
    }
    return 0;
}

static int fail_create(tether__dir *exits, int os_error, tether_error *error)
{
    int code = os_error == EEXIST   ? TETHER_ELOCKED
               : os_error == ENOENT ? TETHER_EGONE
                                    : tether__posix_code(os_error);
    return tether__posix_fail_as(error, code, os_error, step, exits->path);
}

/* Moves the finished file to its name, unless that is taken. The caller holds the lock under which
 * lifelines of this directory are created. Returns 0 or errno. */
static int give_name(tether__dir *exits, const char *temporary, const char *task_id)
{
    struct stat st;
#ifdef RENAME_NOREPLACE
    if (renameat2(exits->fd, temporary, exits->fd, task_id, RENAME_NOREPLACE) == 0)
        return 0;
    /* Some file systems know no flags, and some filters no such call. */
    if (errno != EINVAL && errno != ENOSYS && errno != EPERM)
        return errno;
#endif
    if (fstatat(exits->fd, task_id, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return EEXIST;
    return renameat(exits->fd, temporary, exits->fd, task_id) == 0 ? 0 : errno;
}

/* Creates a file and locks it. Returns 0 or errno; finish has to follow in any case. */
static int create_locked(tether__dir *exits, const char *name, tether__lifeline *lifeline)
{
    int fd =
        openat(exits->fd, name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
               TETHER__POSIX_FILE_MODE);
    lifeline->handle = fd;
    if (fd < 0)
        return errno;
    /* First of all: the umask may have taken the owner's permissions, which a probe and a
     * notification need. */
    tether__posix_ensure_mode(fd, TETHER__POSIX_FILE_MODE);
    return lock_exclusive(fd);
}

/* Removes the file if it could not be completed. */
static int finish(tether__dir *exits, const char *name, int os_error, tether__lifeline *lifeline,
                  tether_error *error)
{
    if (os_error == 0)
        return TETHER_OK;
    if (lifeline->handle >= 0)
        unlinkat(exits->fd, name, 0);
    tether__os_lifeline_close(lifeline);
    return fail_create(exits, os_error, error);
}

/* Creates the file beside the directory: reserving space there wakes no host that watches the
 * directory. A renamed file raises events by its new name, which a linked one does not. */
int tether__os_lifeline_create(tether__dir *exits, const char *task_id, tether__lifeline *lifeline,
                               tether_error *error)
{
    char temporary[sizeof "../" TETHER__TEMPORARY_PREFIX + TETHER_ID_SIZE];
    snprintf(temporary, sizeof temporary, "../" TETHER__TEMPORARY_PREFIX "%s", task_id);
    int os_error = create_locked(exits, temporary, lifeline);
    if (os_error == 0)
        os_error = reserve((int)lifeline->handle);
    if (os_error == 0)
        os_error = give_name(exits, temporary, task_id);
    return finish(exits, temporary, os_error, lifeline, error);
}

/* Returns 0, or the errno that says that the file system has no block left for this user. Some
 * systems tell nonsense: so the answer that there is none is not taken for one. What is not found
 * out here is found out by the one who writes. */
static int look_for_room(int fd)
{
    struct statvfs system;
    if (fstatvfs(fd, &system) != 0 || system.f_blocks == 0)
        return 0;
    return (geteuid() == 0 ? system.f_bfree : system.f_bavail) == 0 ? reserve(fd) : 0;
}

int tether__os_lifeline_create_lean(tether__dir *exits, const char *task_id,
                                    tether__lifeline *lifeline, tether_error *error)
{
    int os_error = create_locked(exits, task_id, lifeline);
    if (os_error == 0)
        os_error = look_for_room((int)lifeline->handle);
    return finish(exits, task_id, os_error, lifeline, error);
}

int tether__os_lifeline_reserve(const tether__lifeline *lifeline, tether_error *error)
{
    int os_error = reserve((int)lifeline->handle);
    return os_error == 0 ? TETHER_OK : tether__posix_fail(error, os_error, step, "the lifeline");
}

int tether__os_lifeline_append(const tether__lifeline *lifeline, const char *line, size_t size,
                               tether_error *error)
{
    int os_error = tether__posix_write_all((int)lifeline->handle, line, size);
    return os_error == 0 ? TETHER_OK
                         : tether__posix_fail(error, os_error, "write exit marker", "the lifeline");
}

bool tether__os_lifeline_linked(const tether__lifeline *lifeline)
{
    struct stat st;
    return fstat((int)lifeline->handle, &st) == 0 && st.st_nlink > 0;
}

void tether__os_lifeline_close(tether__lifeline *lifeline)
{
    if (lifeline->handle >= 0)
        close((int)lifeline->handle);
    lifeline->handle = -1;
}

/* Returns a descriptor, or -1 and errno. O_NONBLOCK, because opening a planted FIFO would block. */
static int open_existing(tether__dir *exits, const char *task_id)
{
    return tether__posix_open_at(exits->fd, task_id,
                                 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
}

int tether__os_lifeline_held(tether__dir *exits, const char *task_id, bool *held,
                             tether_error *error)
{
    *held = false;
    int fd = open_existing(exits, task_id);
    if (fd < 0) {
        int os_error = tether__posix_refusal(errno);
        /* No process holds a missing file, or one that is not ours. */
        if (os_error == ENOENT || os_error == ELOOP)
            return TETHER_OK;
        return tether__posix_fail(error, os_error, "probe lifeline", exits->path);
    }
    int os_error;
    do
        os_error = flock(fd, LOCK_SH | LOCK_NB) == 0 ? 0 : errno;
    while (os_error == EINTR);
    close(fd);
    if (os_error == 0)
        return TETHER_OK;
    if (os_error != EWOULDBLOCK)
        return tether__posix_fail_as(error, tether__posix_lock_code(os_error), os_error,
                                     "probe lifeline", exits->path);
    *held = true;
    return TETHER_OK;
}

size_t tether__os_lifeline_read_held(tether__dir *exits, const char *task_id, char *text,
                                     size_t capacity)
{
    int fd = open_existing(exits, task_id);
    if (fd < 0)
        return 0;
    /* In this order: a line that is written in between counts. */
    bool held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ssize_t size = held ? read(fd, text, capacity) : 0;
    close(fd);
    return size > 0 ? (size_t)size : 0;
}
