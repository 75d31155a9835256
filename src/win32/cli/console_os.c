/* Owns writing characters to consoles of Windows, whatever their code page is, and their width.
 * Must not: change the code page or the mode, which other programs share.
 * Thread: any. */
#include "cli/console_os.h"

#include <io.h>
#include <windows.h>

/* A console refuses larger writes in older versions. */
enum { UNITS_AT_ONCE = 8192 };

static HANDLE handle_of(int descriptor)
{
    return (HANDLE)_get_osfhandle(descriptor);
}

bool console_os_takes_utf16(int descriptor)
{
    DWORD mode;
    return GetConsoleMode(handle_of(descriptor), &mode) != 0;
}

int console_os_write(int descriptor, const uint16_t *units, size_t count)
{
    while (count > 0) {
        DWORD part = count < UNITS_AT_ONCE ? (DWORD)count : UNITS_AT_ONCE;
        DWORD written = 0;
        if (!WriteConsoleW(handle_of(descriptor), units, part, &written, NULL))
            return (int)GetLastError();
        if (written == 0)
            return ERROR_WRITE_FAULT;
        units += written;
        count -= written;
    }
    return 0;
}

size_t console_os_columns(int descriptor)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    if (!GetConsoleScreenBufferInfo(handle_of(descriptor), &info) ||
        info.srWindow.Right < info.srWindow.Left)
        return 0;
    return (size_t)(info.srWindow.Right - info.srWindow.Left) + 1;
}

bool console_os_in_foreground(int descriptor)
{
    (void)descriptor;
    return true;
}

void console_os_line(int descriptor, bool shown)
{
    (void)descriptor;
    (void)shown;
}
