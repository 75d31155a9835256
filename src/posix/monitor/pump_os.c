/* Owns the pipes of the command's outputs, and the files to which they are moved.
 * Must not: wait, or decide what is written where.
 * Thread: the only one. */
#include "monitor/pump_os.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "posix/monitor/pump_os.h"
#include "posix/raise_fd.h"

enum { BLOCK = 4096, ABOVE_STANDARD = 3 };

/* For each stream: the end from which the monitor reads, and the file to which it writes; -1: none,
 * or closed. */
static int pipes[TETHER__PUMP_STREAMS] = {-1, -1};
static int files[TETHER__PUMP_STREAMS] = {-1, -1};
static bool has_places;

int tether__pump_descriptor(int stream)
{
    return pipes[stream];
}

bool tether__pump_os_has_file(int stream)
{
    return files[stream] >= 0;
}

/* --- Opening --- */

static bool are_same_file(int one, int other)
{
    struct stat a, b;
    return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* Returns 0 or errno. */
static int open_stream(int stream)
{
    int ends[2], os_error = 0;
    files[stream] = fcntl(stream + 1, F_DUPFD_CLOEXEC, ABOVE_STANDARD);
    if (files[stream] < 0 || pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    pipes[stream] = tether__posix_raise_fd(ends[0], ABOVE_STANDARD);
    if (pipes[stream] < 0 || fcntl(pipes[stream], F_SETFL, O_NONBLOCK) != 0 ||
        dup2(ends[1], stream + 1) < 0)
        os_error = errno;
    if (ends[1] >= ABOVE_STANDARD)
        close(ends[1]);
    return os_error;
}

static int open_streams(void)
{
    bool merged = are_same_file(STDOUT_FILENO, STDERR_FILENO);
    int os_error = open_stream(0);
    if (os_error == 0 && merged)
        return dup2(STDOUT_FILENO, STDERR_FILENO) >= 0 ? 0 : errno;
    return os_error == 0 ? open_stream(1) : os_error;
}

/* The monitor is the only one that writes to the files: it knows each offset. */
static int prepare_file(int stream)
{
    if (!has_places || files[stream] < 0)
        return 0;
    int flags = fcntl(files[stream], F_GETFL);
    return flags >= 0 && fcntl(files[stream], F_SETFL, flags & ~O_APPEND) == 0 ? 0 : errno;
}

int tether__pump_os_open(bool places)
{
    has_places = places;
    int os_error = open_streams();
    for (int i = 0; os_error == 0 && i < TETHER__PUMP_STREAMS; i++)
        os_error = prepare_file(i);
    return os_error;
}

/* --- The pipes --- */

/* The second look is for what was written between the first one and the last close. */
static bool is_at_end(int fd)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    return poll(&item, 1, 0) == 1 && (item.revents & POLLIN) == 0;
}

int64_t tether__pump_os_held(int stream)
{
    int held = 0;
    if (pipes[stream] < 0 || ioctl(pipes[stream], FIONREAD, &held) != 0)
        return 0;
    if (held == 0 && is_at_end(pipes[stream])) {
        close(pipes[stream]);
        pipes[stream] = -1;
    }
    return held;
}

int64_t tether__pump_os_read(int stream, char *bytes, int64_t most)
{
    ssize_t size;
    do
        size = read(pipes[stream], bytes, (size_t)most);
    while (size < 0 && errno == EINTR);
    return size > 0 ? size : 0;
}

void tether__pump_os_widen(int stream, int size)
{
#ifdef F_SETPIPE_SZ
    (void)fcntl(pipes[stream], F_SETPIPE_SZ, size);
#else
    (void)stream;
    (void)size;
#endif
}

/* A rest is short, and the pipe of a command that writes much is wide. */
bool tether__pump_os_fills(int64_t moved)
{
    (void)moved;
    return false;
}

/* --- The files --- */

int64_t tether__pump_os_write(int stream, const char *bytes, size_t size, uint64_t offset)
{
    ssize_t written;
    do
        written = has_places ? pwrite(files[stream], bytes, size, (off_t)offset)
                             : write(files[stream], bytes, size);
    while (written < 0 && errno == EINTR);
    return written;
}

uint64_t tether__pump_os_block(void)
{
    return BLOCK;
}

bool tether__pump_os_punch(int stream, uint64_t from, uint64_t to)
{
#ifdef FALLOC_FL_PUNCH_HOLE
    return fallocate(files[stream], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
                     (off_t)(to - from)) == 0 ||
           (errno != EIO && errno != ENOSPC && errno != EINTR);
#else
    (void)stream;
    (void)from;
    (void)to;
    return true;
#endif
}
