/* Owns standard input and output of a server on Windows, its threads and its clock. Pipes cannot be
 * waited for there, so a thread reads and another one writes, each with one piece at a time.
 * Must not: let the main thread wait for either.
 * Thread: the main one; what it hands over belongs to a thread until an event is set. */
#include "mcp/stdio_os.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

enum { OWN = 3, POLLABLES_MOST = 48, PIECE = 64 * 1024, DONE_MOST = 64, EMPTY_MOST = 1000 };

/* A piece that a thread fills or writes. `ready` (set: it is the main thread's) and `given` (set:
 * the thread's) take turns. */
typedef struct lane {
    HANDLE file, ready, given;
    char bytes[PIECE];
    DWORD size, used;
    bool over;
} lane;

static struct {
    lane in, out;
    CRITICAL_SECTION lock; /* guards what follows */
    void *done[DONE_MOST];
    size_t done_count;
    HANDLE some_done; /* set while there are any */
} io;

/* Reads a piece. A write of no bytes by the other end of a pipe is no end; but a pipe from outside
 * of Wine tells its end so, again and again. */
static bool read_piece(lane *in, DWORD *got)
{
    bool is_pipe = GetFileType(in->file) == FILE_TYPE_PIPE, good = true;
    *got = 0;
    for (int empty = 0; good && *got == 0 && empty < EMPTY_MOST; empty++) {
        good = ReadFile(in->file, in->bytes, PIECE, got, NULL) != 0;
        if (!is_pipe || (good && *got == 0 && !PeekNamedPipe(in->file, NULL, 0, NULL, NULL, NULL)))
            break;
    }
    return good && *got > 0;
}

static DWORD WINAPI read_pieces(void *unused)
{
    lane *in = &io.in;
    (void)unused;
    for (;;) {
        DWORD got = 0;
        WaitForSingleObject(in->given, INFINITE);
        in->over = !read_piece(in, &got);
        in->size = got;
        in->used = 0;
        SetEvent(in->ready);
        if (in->over)
            return 0;
    }
}

static DWORD WINAPI write_pieces(void *unused)
{
    lane *out = &io.out;
    (void)unused;
    for (;;) {
        WaitForSingleObject(out->given, INFINITE);
        while (out->used < out->size && !out->over) {
            DWORD taken = 0;
            out->over =
                !WriteFile(out->file, out->bytes + out->used, out->size - out->used, &taken, NULL);
            out->used += taken;
        }
        SetEvent(out->ready);
        if (out->over)
            return 0;
    }
}

/* Events of `ready` are reset by hand, those of `given` by themselves. */
static bool open_lane(lane *to, DWORD which, bool ready, LPTHREAD_START_ROUTINE run)
{
    to->file = GetStdHandle(which);
    to->ready = CreateEventW(NULL, TRUE, ready, NULL);
    to->given = CreateEventW(NULL, FALSE, !ready, NULL);
    if (to->ready == NULL || to->given == NULL)
        return false;
    HANDLE thread = CreateThread(NULL, 0, run, NULL, 0, NULL);
    if (thread != NULL)
        CloseHandle(thread);
    return thread != NULL;
}

bool stdio_os_open(void)
{
    InitializeCriticalSection(&io.lock);
    io.some_done = CreateEventW(NULL, TRUE, FALSE, NULL);
    return io.some_done != NULL && open_lane(&io.in, STD_INPUT_HANDLE, false, read_pieces) &&
           open_lane(&io.out, STD_OUTPUT_HANDLE, true, write_pieces);
}

static bool is_set(HANDLE event)
{
    return WaitForSingleObject(event, 0) == WAIT_OBJECT_0;
}

static DWORD bounded(int64_t timeout_ms)
{
    if (timeout_ms < 0)
        return INFINITE;
    return timeout_ms < INT32_MAX ? (DWORD)timeout_ms : INT32_MAX;
}

unsigned stdio_os_wait(unsigned wanted, const intptr_t *pollables, size_t count, int64_t timeout_ms)
{
    HANDLE handles[OWN + POLLABLES_MOST];
    DWORD used = 0;
    handles[used++] = io.some_done;
    if ((wanted & STDIO_READABLE) != 0)
        handles[used++] = io.in.ready;
    if ((wanted & STDIO_WRITABLE) != 0)
        handles[used++] = io.out.ready;
    for (size_t i = 0; i < count && i < POLLABLES_MOST; i++)
        handles[used++] = (HANDLE)pollables[i];
    WaitForMultipleObjects(used, handles, FALSE, bounded(timeout_ms));
    unsigned happened = is_set(io.some_done) ? STDIO_WORK_DONE : 0;
    if ((wanted & STDIO_READABLE) != 0 && is_set(io.in.ready))
        happened |= STDIO_READABLE;
    if ((wanted & STDIO_WRITABLE) != 0 && is_set(io.out.ready))
        happened |= STDIO_WRITABLE;
    return happened;
}

long stdio_os_read(void *buffer, size_t size)
{
    lane *in = &io.in;
    if (!is_set(in->ready))
        return STDIO_NOTHING;
    if (in->over)
        return STDIO_OVER;
    size_t count = in->size - in->used < size ? in->size - in->used : size;
    memcpy(buffer, in->bytes + in->used, count);
    in->used += (DWORD)count;
    if (in->used == in->size) {
        ResetEvent(in->ready);
        SetEvent(in->given);
    }
    return (long)count;
}

long stdio_os_write(const void *bytes, size_t size)
{
    lane *out = &io.out;
    if (!is_set(out->ready))
        return STDIO_NOTHING;
    if (out->over)
        return STDIO_OVER;
    out->size = size < PIECE ? (DWORD)size : PIECE;
    out->used = 0;
    memcpy(out->bytes, bytes, out->size);
    ResetEvent(out->ready);
    SetEvent(out->given);
    return (long)out->size;
}

void stdio_os_drain(int64_t timeout_ms)
{
    WaitForSingleObject(io.out.ready, bounded(timeout_ms));
}

typedef struct work_item {
    void (*work)(void *userdata);
    void *userdata;
} work_item;

static DWORD WINAPI run_work(void *argument)
{
    work_item item = *(work_item *)argument;
    free(argument);
    item.work(item.userdata);
    EnterCriticalSection(&io.lock);
    io.done[io.done_count++] = item.userdata;
    SetEvent(io.some_done);
    LeaveCriticalSection(&io.lock);
    return 0;
}

bool stdio_os_start(void (*work)(void *userdata), void *userdata)
{
    work_item *item = malloc(sizeof *item);
    if (item == NULL)
        return false;
    *item = (work_item){work, userdata};
    HANDLE thread = CreateThread(NULL, 0, run_work, item, 0, NULL);
    if (thread == NULL) {
        free(item);
        return false;
    }
    CloseHandle(thread);
    return true;
}

void *stdio_os_done(void)
{
    void *userdata = NULL;
    EnterCriticalSection(&io.lock);
    if (io.done_count > 0)
        userdata = io.done[--io.done_count];
    if (io.done_count == 0)
        ResetEvent(io.some_done);
    LeaveCriticalSection(&io.lock);
    return userdata;
}

int64_t stdio_os_now_ms(void)
{
    return (int64_t)GetTickCount64();
}

_Noreturn void stdio_os_exit(int code)
{
    TerminateProcess(GetCurrentProcess(), (UINT)code);
    for (;;)
        Sleep(INFINITE);
}
