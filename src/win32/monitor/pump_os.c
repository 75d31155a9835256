/* Owns the pipes of the command's outputs, and the files to which they are moved.
 * Must not: wait, or decide what is written where.
 * Thread: the only one.
 *
 * Anonymous pipes can neither be waited for nor read without waiting. So these have names, which
 * nobody can guess, and one end of each for the monitor, which reads what a look shows to be there.
 * To learn that something has come, it reads no bytes: that read ends when there are some. */
#include "win32/monitor/pump_os.h"

#include <winioctl.h>

#include "win32/pipe.h"

/* NTFS gives back the space of a sparse file in units of 64 KiB. */
enum { BLOCK = 64 * 1024, PIPE_SIZE = 256 * 1024, CLUSTER = 4096 };

typedef struct stream {
    HANDLE pipe;     /* the monitor's end; NULL: none, or closed */
    HANDLE file;     /* NULL: none */
    OVERLAPPED look; /* the read of no bytes */
    bool looks;      /* it has begun */
    HANDLE read;     /* the event of other reads */
    bool holes;      /* the file can have some */
} stream;

static stream streams[TETHER__PUMP_STREAMS];
static bool has_places;

bool tether__pump_os_has_file(int number)
{
    return streams[number].file != NULL;
}

/* --- Opening --- */

/* Takes the file out of its place among the standard handles. */
static DWORD open_stream(stream *s, DWORD standard)
{
    HANDLE commands;
    s->look.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    s->read = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (s->look.hEvent == NULL || s->read == NULL)
        return GetLastError();
    DWORD os_error = tether__win32_pipe_pair(TETHER__WIN32_INBOUND, FILE_FLAG_OVERLAPPED, PIPE_SIZE,
                                             0, &s->pipe, &commands);
    if (os_error != ERROR_SUCCESS)
        return os_error;
    s->file = GetStdHandle(standard);
    SetHandleInformation(s->file, HANDLE_FLAG_INHERIT, 0);
    SetStdHandle(standard, commands);
    return ERROR_SUCCESS;
}

/* A file system that refuses this would fill the gap with zeros, which gives nothing back. */
static void allow_holes(stream *s)
{
    DWORD size;
    s->holes = DeviceIoControl(s->file, FSCTL_SET_SPARSE, NULL, 0, NULL, 0, &size, NULL);
}

static bool are_same_file(HANDLE one, HANDLE other)
{
    BY_HANDLE_FILE_INFORMATION a, b;
    return GetFileInformationByHandle(one, &a) && GetFileInformationByHandle(other, &b) &&
           a.dwVolumeSerialNumber == b.dwVolumeSerialNumber &&
           a.nFileIndexHigh == b.nFileIndexHigh && a.nFileIndexLow == b.nFileIndexLow;
}

int tether__pump_os_open(bool places)
{
    bool merged = are_same_file(GetStdHandle(STD_OUTPUT_HANDLE), GetStdHandle(STD_ERROR_HANDLE));
    has_places = places;
    DWORD os_error = open_stream(&streams[0], STD_OUTPUT_HANDLE);
    if (os_error == ERROR_SUCCESS && merged)
        SetStdHandle(STD_ERROR_HANDLE, GetStdHandle(STD_OUTPUT_HANDLE));
    else if (os_error == ERROR_SUCCESS)
        os_error = open_stream(&streams[1], STD_ERROR_HANDLE);
    for (int i = 0; places && i < TETHER__PUMP_STREAMS; i++) {
        if (streams[i].file != NULL)
            allow_holes(&streams[i]);
    }
    return (int)os_error;
}

/* --- The pipes --- */

static void close_pipe(stream *s)
{
    CancelIo(s->pipe);
    CloseHandle(s->pipe);
    s->pipe = NULL;
}

/* Begins the read of no bytes, unless the last one goes on. False: the pipe is closed. */
static bool look_out(stream *s)
{
    s->looks = s->looks && !HasOverlappedIoCompleted(&s->look);
    if (s->looks)
        return true;
    static char none;
    s->looks = ReadFile(s->pipe, &none, 0, NULL, &s->look) || GetLastError() == ERROR_IO_PENDING;
    if (!s->looks)
        close_pipe(s);
    return s->looks;
}

size_t tether__pump_waits(HANDLE handles[TETHER__PUMP_STREAMS])
{
    size_t count = 0;
    for (int i = 0; i < TETHER__PUMP_STREAMS; i++) {
        if (streams[i].pipe != NULL && look_out(&streams[i]))
            handles[count++] = streams[i].look.hEvent;
    }
    return count;
}

/* What is in a pipe can be read although nobody can write to it any more. */
int64_t tether__pump_os_held(int number)
{
    DWORD held = 0;
    stream *s = &streams[number];
    if (s->pipe != NULL && !PeekNamedPipe(s->pipe, NULL, 0, NULL, &held, NULL)) {
        close_pipe(s);
        return 0;
    }
    return held;
}

/* Does not wait, since so many bytes are there, and nobody else reads them. */
int64_t tether__pump_os_read(int number, char *bytes, int64_t most)
{
    DWORD got;
    stream *s = &streams[number];
    OVERLAPPED request = {.hEvent = s->read};
    if ((ReadFile(s->pipe, bytes, (DWORD)most, NULL, &request) ||
         GetLastError() == ERROR_IO_PENDING) &&
        GetOverlappedResult(s->pipe, &request, &got, TRUE))
        return got;
    return 0;
}

/* Windows cannot. */
void tether__pump_os_widen(int number, int size)
{
    (void)number;
    (void)size;
}

/* A rest lasts up to 16 ms here. */
bool tether__pump_os_fills(int64_t moved)
{
    return moved >= PIPE_SIZE / 8;
}

/* --- The files --- */

/* The offset with all bits set is the end of the file. */
static DWORD write_once(HANDLE file, const char *bytes, DWORD size, uint64_t offset, DWORD *written)
{
    OVERLAPPED place = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
    return WriteFile(file, bytes, size, written, &place) ? ERROR_SUCCESS : GetLastError();
}

/* A disk that has no room for all of it gets what it has room for, as far as clusters go. */
int64_t tether__pump_os_write(int number, const char *bytes, size_t size, uint64_t offset)
{
    DWORD written = 0, os_error;
    uint64_t place = has_places ? offset : UINT64_MAX;
    DWORD part = (DWORD)size;
    do {
        os_error = write_once(streams[number].file, bytes, part, place, &written);
        part = part / 2 / CLUSTER * CLUSTER;
    } while ((os_error == ERROR_DISK_FULL || os_error == ERROR_HANDLE_DISK_FULL) && part > 0);
    return os_error == ERROR_SUCCESS ? (int64_t)written : -1;
}

uint64_t tether__pump_os_block(void)
{
    return BLOCK;
}

bool tether__pump_os_punch(int number, uint64_t from, uint64_t to)
{
    const stream *s = &streams[number];
    FILE_ZERO_DATA_INFORMATION part = {.FileOffset.QuadPart = (LONGLONG)from,
                                       .BeyondFinalZero.QuadPart = (LONGLONG)to};
    DWORD size;
    if (!s->holes)
        return true;
    return DeviceIoControl(s->file, FSCTL_SET_ZERO_DATA, &part, sizeof part, NULL, 0, &size,
                           NULL) ||
           GetLastError() != ERROR_DISK_FULL;
}
