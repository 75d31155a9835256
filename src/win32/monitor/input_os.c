/* Owns the writing end of the pipe that is the command's standard input, and the bytes that are on
 * their way into it.
 * Must not: wait for a reader, or give up bytes that were taken while somebody may read them.
 * Thread: the only one. */
#include "monitor/input_os.h"

#include <string.h>

#include "format/control.h"
#include "win32/monitor/input.h"
#include "win32/pipe.h"

/* What the pipe itself takes. */
enum { PIPE_SIZE = 64 * 1024 };

static HANDLE pipe_end;
static OVERLAPPED writing;
static char buffer[TETHER__CONTROL_PAYLOAD];
static bool under_way, failed, closing;

/* The reading end is one that waits, as programs expect of their standard input. */
bool tether__input_os_open(int *os_error)
{
    HANDLE reader = NULL;
    DWORD failure = ERROR_SUCCESS;
    writing.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (writing.hEvent == NULL)
        failure = GetLastError();
    else
        failure = tether__win32_pipe_pair(TETHER__WIN32_OUTBOUND, FILE_FLAG_OVERLAPPED, PIPE_SIZE,
                                          0, &pipe_end, &reader);
    *os_error = (int)failure;
    if (failure != ERROR_SUCCESS)
        return false;
    CloseHandle(GetStdHandle(STD_INPUT_HANDLE));
    SetStdHandle(STD_INPUT_HANDLE, reader);
    return true;
}

/* Notes how the write has ended. */
static void settle(void)
{
    DWORD size;
    if (!under_way || !HasOverlappedIoCompleted(&writing))
        return;
    under_way = false;
    failed = !GetOverlappedResult(pipe_end, &writing, &size, FALSE);
}

/* A write that finds no room goes on until there is some, and could not be taken back in part. So
 * there is one at a time, of a copy, which counts as a part of the pipe. */
int64_t tether__input_os_write(const char *bytes, size_t size)
{
    DWORD part = (DWORD)(size < sizeof buffer ? size : sizeof buffer);
    settle();
    if (failed || pipe_end == NULL)
        return -1;
    if (under_way)
        return 0;
    memcpy(buffer, bytes, part);
    if (WriteFile(pipe_end, buffer, part, NULL, &writing))
        return part;
    under_way = GetLastError() == ERROR_IO_PENDING;
    return under_way ? (int64_t)part : -1;
}

/* The system gives up a write that is under way when the handle is closed. */
void tether__input_os_close(void)
{
    settle();
    closing = under_way;
    if (closing || pipe_end == NULL)
        return;
    CloseHandle(pipe_end);
    pipe_end = NULL;
}

HANDLE tether__input_event(void)
{
    return closing ? writing.hEvent : NULL;
}

void tether__input_look(void)
{
    if (closing)
        tether__input_os_close();
}
