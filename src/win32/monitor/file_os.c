/* Owns the small files of a task.
 * Must not: follow a link, or know what is in a file.
 * Thread: the only one. */
#include "monitor/file_os.h"

#include <stdlib.h>
#include <windows.h>

#include "os/clock.h"
#include "win32/rename.h"
#include "win32/text.h"

enum { RENAME_PATIENCE_MS = 200 };

static const DWORD share_all = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

static HANDLE open_file(const char *path, DWORD access, DWORD disposition)
{
    wchar_t *wide;
    if (tether__win32_path(path, &wide, "open file", NULL) != TETHER_OK)
        return INVALID_HANDLE_VALUE;
    HANDLE file =
        CreateFileW(wide, access, share_all, NULL, disposition, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    free(wide);
    return file;
}

size_t tether__monitor_file_read(const char *path, char *bytes, size_t capacity)
{
    DWORD size = 0;
    HANDLE file = open_file(path, GENERIC_READ, OPEN_EXISTING);
    if (file == INVALID_HANDLE_VALUE)
        return 0;
    if (GetFileType(file) != FILE_TYPE_DISK || !ReadFile(file, bytes, (DWORD)capacity, &size, NULL))
        size = 0;
    CloseHandle(file);
    return size;
}

/* Windows has no opening that both empties a file and does not follow a link. */
intptr_t tether__monitor_file_create(const char *path)
{
    tether__monitor_file_remove(path);
    HANDLE file = open_file(path, FILE_APPEND_DATA | SYNCHRONIZE, CREATE_NEW);
    return file != INVALID_HANDLE_VALUE ? (intptr_t)file : -1;
}

size_t tether__monitor_file_append(intptr_t file, const char *bytes, size_t size)
{
    DWORD written;
    return WriteFile((HANDLE)file, bytes, (DWORD)size, &written, NULL) ? written : 0;
}

void tether__monitor_file_close(intptr_t file)
{
    if (file != -1)
        CloseHandle((HANDLE)file);
}

/* Where Windows does not rename as POSIX does, a reader that has the file open is in the way. */
bool tether__monitor_file_replace(const char *path, const char *new_path)
{
    wchar_t *from = NULL, *to = NULL;
    bool done =
        tether__win32_path(path, &from, "rename file", NULL) == TETHER_OK &&
        tether__win32_path(new_path, &to, "rename file", NULL) == TETHER_OK &&
        tether__win32_rename(from, to, false, tether__os_monotonic_ms() + RENAME_PATIENCE_MS) ==
            ERROR_SUCCESS;
    free(from);
    free(to);
    return done;
}

void tether__monitor_file_remove(const char *path)
{
    wchar_t *wide;
    if (tether__win32_path(path, &wide, "remove file", NULL) != TETHER_OK)
        return;
    DeleteFileW(wide);
    free(wide);
}
