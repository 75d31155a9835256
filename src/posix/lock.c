/* Owns locks between processes: flock on a file, which the kernel releases when the holder dies.
 * Must not: wait without a bound.
 * Thread: any; each acquisition opens the file anew, so threads exclude each other too. */
#include "os/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "os/clock.h"
#include "posix/dir.h"
#include "posix/error.h"
#include "posix/lock_owner.h"

static const char step[] = "lock session";

enum { HOLDER_SIZE = 12, FIRST_PAUSE_US = 50, LAST_PAUSE_US = 10000 };

static int open_lock_file(tether__dir *dir, const char *name, tether_error *error)
{
    const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int fd = tether__posix_open_at(dir->fd, name, flags, TETHER__POSIX_FILE_MODE);
    struct stat st;
    if (fd < 0 && errno == EACCES && tether__posix_unlock(dir, name, S_IFREG))
        fd = tether__posix_open_at(dir->fd, name, flags, TETHER__POSIX_FILE_MODE);
    if (fd < 0) {
        int os_error = tether__posix_refusal(errno);
        if (os_error == ENOENT)
            return tether__posix_fail_as(error, TETHER_EGONE, os_error, step, dir->path);
        return tether__posix_fail(error, os_error, step, dir->path);
    }
    if (fstat(fd, &st) != 0) {
        int os_error = errno;
        close(fd);
        return tether__posix_fail(error, os_error, step, dir->path);
    }
    if (!S_ISREG(st.st_mode) || st.st_nlink > 1) {
        close(fd);
        return tether__fail(error, TETHER_ECORRUPT, 0, step,
                            "%.300s/%s is not a regular file with a single link; remove it",
                            dir->path, name);
    }
    if ((st.st_mode & TETHER__POSIX_FILE_MODE) != TETHER__POSIX_FILE_MODE)
        tether__posix_ensure_mode(fd, TETHER__POSIX_FILE_MODE);
    return fd;
}

static void pause_us(long us)
{
    struct timespec time = {0, us * 1000};
    nanosleep(&time, NULL);
}

static int fail_busy(int fd, tether__dir *dir, int64_t waited_ms, tether_error *error)
{
    char name[TETHER__PROCESS_NAME_SIZE];
    long long pid = tether__posix_lock_owner(fd, name);
    if (pid != 0)
        return tether__fail(error, TETHER_ELOCKED, 0, step,
                            "the lock of %.300s is held by process %lld (%s) and was not free for "
                            "%lld ms; check that process (it may be stopped), then try again",
                            dir->path, pid, name, (long long)waited_ms);
    /* The file has the pid of the last tether process that held the lock, but any program can lock
     * the file. */
    char holder[HOLDER_SIZE + 1] = {0};
    if (pread(fd, holder, HOLDER_SIZE, 0) <= 0)
        holder[0] = '\0';
    sscanf(holder, "%lld", &pid);
    char last[96] = "";
    if (pid != 0)
        snprintf(last, sizeof last, "; tether held it last in process %lld (it may be stopped)",
                 pid);
    return tether__fail(error, TETHER_ELOCKED, 0, step,
                        "the lock of %.300s was not free for %lld ms; which process holds it "
                        "cannot be determined%s; try again",
                        dir->path, (long long)waited_ms, last);
}

/* Only messages use it, so a failure (a full disk) is ignored. Most holders were the last one, too:
 * a read costs less than a write, which also changes the times of the file. */
static void write_holder(int fd)
{
    char holder[HOLDER_SIZE + 1], last[HOLDER_SIZE];
    snprintf(holder, sizeof holder, "%-11ld\n", (long)getpid());
    if (pread(fd, last, HOLDER_SIZE, 0) == HOLDER_SIZE && memcmp(last, holder, HOLDER_SIZE) == 0)
        return;
    ssize_t ignored = pwrite(fd, holder, HOLDER_SIZE, 0);
    (void)ignored;
}

int tether__os_lock_acquire(tether__dir *dir, const char *name, int64_t timeout_ms,
                            tether__lock *lock, tether_error *error)
{
    lock->handle = -1;
    int fd = open_lock_file(dir, name, error);
    if (fd < 0)
        return fd;
    int64_t deadline = tether__os_monotonic_ms() + timeout_ms;
    for (long pause = FIRST_PAUSE_US; flock(fd, LOCK_EX | LOCK_NB) != 0;
         pause = pause < LAST_PAUSE_US / 2 ? pause * 2 : LAST_PAUSE_US) {
        int os_error = errno;
        int code = TETHER_OK;
        if (os_error == EWOULDBLOCK && tether__os_monotonic_ms() >= deadline)
            code = fail_busy(fd, dir, timeout_ms, error);
        else if (os_error != EWOULDBLOCK && os_error != EINTR)
            code = tether__posix_fail_as(error, tether__posix_lock_code(os_error), os_error, step,
                                         dir->path);
        if (code != TETHER_OK) {
            close(fd);
            return code;
        }
        pause_us(pause);
    }
    write_holder(fd);
    lock->handle = fd;
    return TETHER_OK;
}

bool tether__os_lock_linked(const tether__lock *lock)
{
    struct stat st;
    return fstat((int)lock->handle, &st) == 0 && st.st_nlink > 0;
}

void tether__os_lock_release(tether__lock *lock)
{
    if (lock->handle < 0)
        return;
    /* Explicitly, because a copy of the descriptor in a forked child must not keep the lock. */
    flock((int)lock->handle, LOCK_UN);
    close((int)lock->handle);
    lock->handle = -1;
}
