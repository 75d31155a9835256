/* Owns writing lines to a lifeline that this process holds.
 * Must not: know what the lines say.
 * Thread: any. */
#include "win32/append.h"

#include <stdint.h>

#include "os/clock.h"
#include "win32/back_off.h"

enum { PATIENCE_MS = 1000 };

static const DWORD share_all = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/* Opens the held file once more. Returns 0 or the error. */
static DWORD open_again(HANDLE held, DWORD access, HANDLE *handle)
{
    DWORD os_error;
    unsigned round = 0;
    int64_t deadline = tether__os_monotonic_ms() + PATIENCE_MS;
    do {
        *handle = ReOpenFile(held, access, share_all, 0);
        os_error = *handle == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
    } while (os_error == ERROR_SHARING_VIOLATION && tether__win32_back_off(&round, deadline));
    return os_error;
}

/* Takes back what a write has left of a line. */
static void cut_off(HANDLE held, DWORD written)
{
    HANDLE handle;
    LARGE_INTEGER size;
    if (written == 0 || open_again(held, GENERIC_WRITE, &handle) != ERROR_SUCCESS)
        return;
    if (GetFileSizeEx(handle, &size) && size.QuadPart >= written) {
        size.QuadPart -= written;
        if (SetFilePointerEx(handle, size, NULL, FILE_BEGIN))
            SetEndOfFile(handle);
    }
    CloseHandle(handle);
}

DWORD tether__win32_append(HANDLE held, const char *line, size_t size)
{
    HANDLE handle;
    DWORD written = 0;
    DWORD os_error = open_again(held, FILE_APPEND_DATA | SYNCHRONIZE, &handle);
    if (os_error != ERROR_SUCCESS)
        return os_error;
    if (!WriteFile(handle, line, (DWORD)size, &written, NULL))
        os_error = GetLastError();
    else if (written < size)
        os_error = ERROR_DISK_FULL;
    CloseHandle(handle);
    if (os_error != ERROR_SUCCESS)
        cut_off(held, written);
    return os_error;
}
