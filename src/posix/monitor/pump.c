/* Owns moving the outputs of a command from its pipes to the files.
 * Must not: wait, or lose a byte that a disk could take.
 * Thread: the only one. */
#include "posix/monitor/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "posix/raise_fd.h"

enum { FIRST_SIZE = 64 * 1024, LAST_SIZE = 1024 * 1024, ABOVE_STANDARD = 3 };

const tether__pump tether__pump_none = {.pipe = {-1, -1}, .file = {-1, -1}};

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static bool are_same_file(int one, int other)
{
    struct stat a, b;
    return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* Returns 0 or errno. */
static int open_stream(tether__pump *pump, int stream)
{
    int ends[2], os_error = 0;
    pump->file[stream] = fcntl(stream + 1, F_DUPFD_CLOEXEC, ABOVE_STANDARD);
    if (pump->file[stream] < 0 || pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    pump->pipe[stream] = tether__posix_raise_fd(ends[0], ABOVE_STANDARD);
    if (pump->pipe[stream] < 0 || fcntl(pump->pipe[stream], F_SETFL, O_NONBLOCK) != 0 ||
        dup2(ends[1], stream + 1) < 0)
        os_error = errno;
    if (ends[1] >= ABOVE_STANDARD)
        close(ends[1]);
    return os_error;
}

int tether__pump_open(tether__pump *pump)
{
    *pump = tether__pump_none;
    pump->buffer = malloc(FIRST_SIZE);
    pump->size = FIRST_SIZE;
    bool merged = are_same_file(STDOUT_FILENO, STDERR_FILENO);
    int os_error = pump->buffer != NULL ? open_stream(pump, 0) : ENOMEM;
    if (os_error == 0 && merged)
        return dup2(STDOUT_FILENO, STDERR_FILENO) >= 0 ? 0 : errno;
    return os_error == 0 ? open_stream(pump, 1) : os_error;
}

/* A command that fills the buffer gets a larger one, and a larger pipe, so that both are woken less
 * often. What the system refuses is left as it is. */
static void grow(tether__pump *pump, int stream)
{
    if (pump->size >= LAST_SIZE)
        return;
    char *larger = realloc(pump->buffer, LAST_SIZE);
    if (larger == NULL)
        return;
    pump->buffer = larger;
    pump->size = LAST_SIZE;
#ifdef F_SETPIPE_SZ
    (void)fcntl(pump->pipe[stream], F_SETPIPE_SZ, LAST_SIZE);
#else
    (void)stream;
#endif
}

/* What cannot be written, such as on a full disk, is counted: the command goes on. */
static void write_all(tether__pump *pump, int stream, const char *bytes, ssize_t size)
{
    while (size > 0) {
        ssize_t written = write(pump->file[stream], bytes, (size_t)size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            pump->lost += size;
            return;
        }
        bytes += written;
        size -= written;
    }
}

/* Returns whether there may be more. */
static bool move_some(tether__pump *pump, int stream, int64_t *left)
{
    size_t wanted = *left < pump->size ? (size_t)*left : (size_t)pump->size;
    ssize_t size = read(pump->pipe[stream], pump->buffer, wanted);
    if (size < 0)
        return errno == EINTR;
    if (size == 0) {
        close_one(&pump->pipe[stream]);
        return false;
    }
    *left -= size;
    write_all(pump, stream, pump->buffer, size);
    if (size == pump->size)
        grow(pump, stream);
    pump->rests = true;
    return *left > 0;
}

/* Reads once more than there is: that finds the end. */
void tether__pump_move(tether__pump *pump)
{
    pump->rests = false;
    for (int i = 0; i < TETHER__PUMP_STREAMS; i++) {
        int there = 0;
        if (pump->pipe[i] < 0)
            continue;
        if (ioctl(pump->pipe[i], FIONREAD, &there) != 0 || there == 0)
            there = 1;
        int64_t left = there;
        while (move_some(pump, i, &left))
            continue;
    }
}
