/* Owns the wrapped calls by which the library reads a store, and the id of the boot.
 * Must not: touch a call of a thread that has armed nothing.
 * Thread: each has its own state. */
#include "support/posix/failing_calls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

static _Thread_local struct {
    int left; /* calls until the armed one; 0: nothing is armed */
    int os_error;
    void (*action)(void *userdata);
    void *userdata;
    bool reached;
} armed;

void failing_calls_arm(int nth, int os_error)
{
    armed.left = nth;
    armed.os_error = os_error;
    armed.action = NULL;
    armed.reached = false;
}

void failing_calls_arm_action(int nth, void (*action)(void *userdata), void *userdata)
{
    failing_calls_arm(nth, 0);
    armed.action = action;
    armed.userdata = userdata;
}

bool failing_calls_disarm(void)
{
    armed.left = 0;
    return armed.reached;
}

/* Returns whether this call has to fail; errno is then set. */
static bool fails(void)
{
    if (armed.left == 0 || --armed.left > 0)
        return false;
    armed.reached = true;
    if (armed.action != NULL) {
        int before = errno;
        armed.action(armed.userdata);
        errno = before;
        return false;
    }
    errno = armed.os_error;
    return true;
}

/* The descriptors that were opened below an open directory, or for the boot id. */
enum { MAX_FDS = 1024 };
static _Thread_local bool in_store[MAX_FDS];

static int note(int fd, bool store)
{
    if (fd >= 0 && fd < MAX_FDS)
        in_store[fd] = store;
    return fd;
}

static bool fails_on(int fd)
{
    return fd >= 0 && fd < MAX_FDS && in_store[fd] && fails();
}

int __real_open64(const char *path, int flags, mode_t mode);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    bool boot_id = strcmp(path, "/proc/sys/kernel/random/boot_id") == 0;
    if (boot_id && fails())
        return -1;
    return note(__real_open64(path, flags, mode), boot_id);
}

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_opendir(const char *path)
{
    DIR *stream = __real_opendir(path);
    if (stream != NULL)
        note(dirfd(stream), false);
    return stream;
}

int __real_openat64(int dir, const char *name, int flags, mode_t mode);
int __wrap_openat64(int dir, const char *name, int flags, ...);
int __wrap_openat64(int dir, const char *name, int flags, ...)
{
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    if (dir < 0) /* AT_FDCWD */
        return note(__real_openat64(dir, name, flags, mode), false);
    return fails() ? -1 : note(__real_openat64(dir, name, flags, mode), true);
}

ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
    return fails_on(fd) ? -1 : __real_read(fd, buffer, size);
}

ssize_t __real_pread64(int fd, void *buffer, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *buffer, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *buffer, size_t size, off_t offset)
{
    return fails_on(fd) ? -1 : __real_pread64(fd, buffer, size, offset);
}

int __real_fstat64(int fd, struct stat *st);
int __wrap_fstat64(int fd, struct stat *st);
int __wrap_fstat64(int fd, struct stat *st)
{
    return fails_on(fd) ? -1 : __real_fstat64(fd, st);
}

int __real_fstatat64(int dir, const char *name, struct stat *st, int flags);
int __wrap_fstatat64(int dir, const char *name, struct stat *st, int flags);
int __wrap_fstatat64(int dir, const char *name, struct stat *st, int flags)
{
    return dir >= 0 && fails() ? -1 : __real_fstatat64(dir, name, st, flags);
}

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);
int __wrap_flock(int fd, int operation)
{
    return fails_on(fd) ? -1 : __real_flock(fd, operation);
}

DIR *__real_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd)
{
    return fails_on(fd) ? NULL : __real_fdopendir(fd);
}

struct dirent *__real_readdir64(DIR *stream);
struct dirent *__wrap_readdir64(DIR *stream);
struct dirent *__wrap_readdir64(DIR *stream)
{
    return fails_on(dirfd(stream)) ? NULL : __real_readdir64(stream);
}
