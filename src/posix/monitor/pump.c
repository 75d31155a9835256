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

#include "format/gap.h"
#include "posix/raise_fd.h"

enum { FIRST_SIZE = 64 * 1024, LAST_SIZE = 1024 * 1024, BLOCK = 4096, ABOVE_STANDARD = 3 };

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

/* The monitor is the only one that writes to the files: it knows each offset. */
static int prepare_file(tether__pump *pump, int stream)
{
    if (pump->limit == 0 || pump->file[stream] < 0)
        return 0;
    pump->released[stream] = tether__gap_within(pump->limit, 0).begin;
    int flags = fcntl(pump->file[stream], F_GETFL);
    return flags >= 0 && fcntl(pump->file[stream], F_SETFL, flags & ~O_APPEND) == 0 ? 0 : errno;
}

static int open_streams(tether__pump *pump)
{
    bool merged = are_same_file(STDOUT_FILENO, STDERR_FILENO);
    int os_error = open_stream(pump, 0);
    if (os_error == 0 && merged)
        return dup2(STDOUT_FILENO, STDERR_FILENO) >= 0 ? 0 : errno;
    return os_error == 0 ? open_stream(pump, 1) : os_error;
}

int tether__pump_open(tether__pump *pump, uint64_t limit)
{
    *pump = tether__pump_none;
    pump->limit = limit;
    pump->buffer = malloc(FIRST_SIZE);
    pump->size_of_buffer = FIRST_SIZE;
    int os_error = pump->buffer != NULL ? open_streams(pump) : ENOMEM;
    for (int i = 0; os_error == 0 && i < TETHER__PUMP_STREAMS; i++)
        os_error = prepare_file(pump, i);
    return os_error;
}

/* A command that fills the buffer gets a larger one, and a larger pipe, so that both are woken less
 * often. What the system refuses is left as it is. */
static void grow(tether__pump *pump, int stream)
{
    if (pump->size_of_buffer >= LAST_SIZE)
        return;
    char *larger = realloc(pump->buffer, LAST_SIZE);
    if (larger == NULL)
        return;
    pump->buffer = larger;
    pump->size_of_buffer = LAST_SIZE;
#ifdef F_SETPIPE_SZ
    (void)fcntl(pump->pipe[stream], F_SETPIPE_SZ, LAST_SIZE);
#else
    (void)stream;
#endif
}

/* --- The limit --- */

/* How much may be written beyond the limit before its space is given back: so little that a file
 * never takes twice the limit, and so much that this costs little. */
static uint64_t step_of(uint64_t limit)
{
    uint64_t step = limit / 8 / BLOCK * BLOCK;
    return step < BLOCK ? BLOCK : step < LAST_SIZE ? step : LAST_SIZE;
}

/* Returns false if it may work another time. */
static bool punch(int fd, uint64_t from, uint64_t to)
{
#ifdef FALLOC_FL_PUNCH_HOLE
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
                     (off_t)(to - from)) == 0 ||
           (errno != EIO && errno != ENOSPC && errno != EINTR);
#else
    (void)fd;
    (void)from;
    (void)to;
    return true;
#endif
}

/* Gives back the space of the gap, in whole blocks, if that is at least `step` bytes. A file system
 * that has no holes keeps it; readers skip the gap all the same. What the gap needs must be written
 * before: readers tell by the file's size what is left. */
static void release(tether__pump *pump, int stream, uint64_t step)
{
    uint64_t from = pump->released[stream];
    uint64_t to = tether__gap_within(pump->limit, pump->size[stream]).end / BLOCK * BLOCK;
    if (to < from + step)
        return;
    if (punch(pump->file[stream], from, to))
        pump->released[stream] = to;
}

void tether__pump_settle(tether__pump *pump)
{
    for (int i = 0; pump->limit > 0 && i < TETHER__PUMP_STREAMS; i++) {
        if (pump->file[i] >= 0)
            release(pump, i, BLOCK);
    }
}

/* --- Moving --- */

/* Returns as write. */
static ssize_t write_within(tether__pump *pump, int stream, const char *bytes, size_t size)
{
    uint64_t step = step_of(pump->limit);
    return pwrite(pump->file[stream], bytes, size < step ? size : (size_t)step,
                  (off_t)pump->size[stream]);
}

/* Returns as write. */
static ssize_t write_some(tether__pump *pump, int stream, const char *bytes, size_t size)
{
    ssize_t written = pump->limit > 0 ? write_within(pump, stream, bytes, size)
                                      : write(pump->file[stream], bytes, size);
    if (written <= 0)
        return written;
    pump->size[stream] += (uint64_t)written;
    if (pump->limit > 0)
        release(pump, stream, step_of(pump->limit));
    return written;
}

/* What cannot be written, such as on a full disk, is counted: the command goes on. */
static void write_all(tether__pump *pump, int stream, const char *bytes, ssize_t size)
{
    while (size > 0) {
        ssize_t written = write_some(pump, stream, bytes, (size_t)size);
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

/* Moves up to so many bytes, not more than the buffer has. Returns how many; 0: there is nothing
 * now. */
static int64_t move_some(tether__pump *pump, int stream, int64_t most)
{
    ssize_t size;
    do
        size = read(pump->pipe[stream], pump->buffer, (size_t)most);
    while (size < 0 && errno == EINTR);
    if (size == 0 || (size < 0 && errno != EAGAIN))
        close_one(&pump->pipe[stream]);
    if (size <= 0)
        return 0;
    pump->read[stream] += (uint64_t)size;
    write_all(pump, stream, pump->buffer, size);
    pump->rests = true;
    return size;
}

/* Moves what a pipe holds after a whole buffer was moved. */
static void move_rest(tether__pump *pump, int stream)
{
    int left = 0;
    int64_t moved = 1;
    if (ioctl(pump->pipe[stream], FIONREAD, &left) != 0)
        return;
    grow(pump, stream);
    for (int64_t rest = left; rest > 0 && moved > 0; rest -= moved)
        moved = move_some(pump, stream, rest < pump->size_of_buffer ? rest : pump->size_of_buffer);
}

void tether__pump_move(tether__pump *pump)
{
    pump->rests = false;
    for (int i = 0; i < TETHER__PUMP_STREAMS; i++) {
        int64_t most = pump->size_of_buffer;
        if (pump->pipe[i] >= 0 && move_some(pump, i, most) == most)
            move_rest(pump, i);
    }
}
