/* Owns the host's end of the control channel on Windows: a named pipe that keeps the borders of
 * messages, and whose name is in the file `control` of the bundle.
 * Must not: trust a process that is not the task's monitor, or wait without a bound.
 * Thread: any. */
#include "os/control.h"

#include <string.h>
#include <windows.h>

#include "base/error.h"
#include "os/clock.h"
#include "os/process.h"
#include "win32/dir.h"
#include "win32/error.h"
#include "win32/pipe.h"

static const char step[] = "ask monitor";

enum { FIRST_PAUSE_MS = 1, LAST_PAUSE_MS = 32 };

bool tether__os_control_supported(void)
{
    return true;
}

static int fail_silent(const char *what, tether_error *error)
{
    return tether__fail(error, TETHER_ENOANSWER, 0, step,
                        "the monitor of the task %s; it may be stopped, or of an older version: "
                        "start the task again",
                        what);
}

/* --- The connection --- */

/* Reads the name of the pipe. False: it is not there yet, or is none. */
static bool read_key(const tether__dir *bundle, char key[TETHER__WIN32_PIPE_KEY_SIZE])
{
    HANDLE file;
    DWORD size = 0;
    char text[TETHER__WIN32_PIPE_KEY_SIZE];
    if (tether__win32_open(bundle, "control", GENERIC_READ, TETHER__WIN32_SHARE_ALL, OPEN_EXISTING,
                           &file) != ERROR_SUCCESS)
        return false;
    bool whole = ReadFile(file, text, sizeof text, &size, NULL) && size == sizeof text &&
                 text[size - 1] == '\n';
    CloseHandle(file);
    if (!whole)
        return false;
    memcpy(key, text, sizeof text);
    key[sizeof text - 1] = '\0';
    return tether__win32_pipe_is_key(key);
}

static DWORD try_connect(const tether__dir *bundle, HANDLE *pipe)
{
    char key[TETHER__WIN32_PIPE_KEY_SIZE];
    *pipe = NULL;
    if (!read_key(bundle, key))
        return ERROR_FILE_NOT_FOUND;
    return tether__win32_pipe_open(key, GENERIC_READ | GENERIC_WRITE, FILE_FLAG_OVERLAPPED, pipe);
}

/* Whether the error says that the pipe is not there yet, or that the monitor has more to do than it
 * can. */
static bool may_pass(DWORD os_error)
{
    return os_error == ERROR_FILE_NOT_FOUND || os_error == ERROR_PIPE_BUSY;
}

/* Another process that has read the name could have made the pipe, so ask the system which one did.
 */
static int check_peer(HANDLE pipe, const tether__identity *monitor, tether_error *error)
{
    ULONG pid = 0;
    DWORD mode = PIPE_READMODE_MESSAGE;
    if (!GetNamedPipeServerProcessId(pipe, &pid))
        return tether__win32_fail(error, GetLastError(), step, "find out who listens");
    if ((int64_t)pid != monitor->pid || tether__os_process_alive(monitor) != TETHER__ALIVE)
        return tether__fail(error, TETHER_EACCESS, 0, step,
                            "the pipe that the file `control` in the bundle names is not that of "
                            "the monitor (process %lld), but of process %lu; end that process",
                            (long long)monitor->pid, (unsigned long)pid);
    if (!SetNamedPipeHandleState(pipe, &mode, NULL, NULL))
        return tether__win32_fail(error, GetLastError(), step, "receive messages");
    return TETHER_OK;
}

static int check_monitor(const tether__identity *monitor, tether_error *error)
{
    tether__liveness alive = tether__os_process_alive(monitor);
    if (alive == TETHER__GONE)
        return fail_silent("has left", error);
    return alive == TETHER__ALIVE
               ? TETHER_OK
               : tether__fail(error, TETHER_EFOREIGN, 0, step,
                              "process %lld cannot be verified as the monitor of the task; try "
                              "again as the user who started it",
                              (long long)monitor->pid);
}

int tether__os_control_connect(tether__dir *bundle, const tether__identity *monitor,
                               int64_t until_ms, tether__channel_end *end, tether_error *error)
{
    HANDLE pipe;
    DWORD os_error, pause_ms = FIRST_PAUSE_MS;
    end->handle = -1;
    int code = check_monitor(monitor, error);
    while (code == TETHER_OK) {
        os_error = try_connect(bundle, &pipe);
        if (!may_pass(os_error))
            break;
        if (tether__os_monotonic_ms() >= until_ms)
            return fail_silent(os_error == ERROR_PIPE_BUSY ? "does not answer"
                                                           : "has not made its control channel",
                               error);
        Sleep(pause_ms);
        pause_ms = pause_ms < LAST_PAUSE_MS ? 2 * pause_ms : LAST_PAUSE_MS;
        code = check_monitor(monitor, error);
    }
    if (code != TETHER_OK)
        return code;
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail(error, os_error, step, "connect to control");
    code = check_peer(pipe, monitor, error);
    if (code == TETHER_OK)
        end->handle = (intptr_t)pipe;
    else
        CloseHandle(pipe);
    return code;
}

void tether__os_control_close(tether__channel_end *end)
{
    if (end->handle != -1)
        CloseHandle((HANDLE)end->handle);
    end->handle = -1;
}

/* --- Messages --- */

/* Waits for a transfer, and takes it back if it is not over in time. Returns 0 or the error. */
static DWORD finish(HANDLE pipe, OVERLAPPED *io, DWORD os_error, int64_t until_ms, size_t *got)
{
    DWORD size = 0;
    int64_t left = until_ms - tether__os_monotonic_ms();
    if (os_error != ERROR_SUCCESS && os_error != ERROR_IO_PENDING)
        return os_error;
    if (os_error == ERROR_IO_PENDING &&
        WaitForSingleObject(io->hEvent, left > 0 ? (DWORD)left : 0) != WAIT_OBJECT_0)
        CancelIoEx(pipe, io);
    os_error = GetOverlappedResult(pipe, io, &size, TRUE) ? ERROR_SUCCESS : GetLastError();
    *got = size;
    return os_error;
}

static DWORD last_error(BOOL done)
{
    return done ? ERROR_SUCCESS : GetLastError();
}

static DWORD transfer(HANDLE pipe, HANDLE event, const void *request, size_t size, void *answer,
                      size_t capacity, size_t *got, int64_t until_ms)
{
    OVERLAPPED out = {.hEvent = event}, in = {.hEvent = event};
    DWORD os_error = last_error(WriteFile(pipe, request, (DWORD)size, NULL, &out));
    os_error = finish(pipe, &out, os_error, until_ms, got);
    *got = 0;
    if (os_error != ERROR_SUCCESS)
        return os_error;
    os_error = last_error(ReadFile(pipe, answer, (DWORD)capacity, NULL, &in));
    return finish(pipe, &in, os_error, until_ms, got);
}

int tether__os_control_ask(const tether__channel_end *end, const void *request, size_t size,
                           void *answer, size_t capacity, size_t *got, int64_t until_ms,
                           tether_error *error)
{
    *got = 0;
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (event == NULL)
        return tether__win32_fail(error, GetLastError(), step, "wait for answer");
    DWORD os_error =
        transfer((HANDLE)end->handle, event, request, size, answer, capacity, got, until_ms);
    CloseHandle(event);
    switch (os_error) {
    case ERROR_SUCCESS:
        return TETHER_OK;
    case ERROR_OPERATION_ABORTED:
        return fail_silent("does not answer", error);
    case ERROR_BROKEN_PIPE:
    case ERROR_NO_DATA:
    case ERROR_PIPE_NOT_CONNECTED:
        return fail_silent("has closed the connection", error);
    default:
        return tether__win32_fail(error, os_error, step, "transfer message");
    }
}
