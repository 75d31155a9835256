/* Owns renaming files that are open. Since Windows 10 1709 NTFS can do it as POSIX does: the name
 * changes at once, and open handles keep working. Elsewhere an open file cannot be replaced.
 * Must not: wait without a bound.
 * Thread: any. */
#include "win32/rename.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "win32/back_off.h"
#include "win32/error.h"

/* Numbers and types of our own, because older headers lack them. */
enum {
    RENAME_EX = 22,                  /* FileRenameInfoEx */
    RENAME_REPLACE = 0x1,            /* FILE_RENAME_FLAG_REPLACE_IF_EXISTS */
    RENAME_POSIX = 0x2,              /* ..._POSIX_SEMANTICS */
    RENAME_IGNORING_READ_ONLY = 0x40 /* ..._IGNORE_READONLY_ATTRIBUTE */
};

static const DWORD share_all = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/* FILE_RENAME_INFO, whose first member is a BOOLEAN in older headers. */
typedef struct rename_request {
    DWORD flags;
    HANDLE root;
    DWORD name_bytes;
    WCHAR name[1];
} rename_request;

bool tether__win32_is_unsupported(DWORD os_error)
{
    return os_error == ERROR_INVALID_PARAMETER || os_error == ERROR_NOT_SUPPORTED ||
           os_error == ERROR_INVALID_FUNCTION || os_error == ERROR_CALL_NOT_IMPLEMENTED;
}

/* Windows reports "access denied" when the target of a rename is open, and when it is a file that
 * is being removed. */
bool tether__win32_is_transient(DWORD os_error)
{
    return os_error == ERROR_SHARING_VIOLATION || os_error == ERROR_ACCESS_DENIED ||
           os_error == ERROR_DELETE_PENDING || os_error == ERROR_USER_MAPPED_FILE ||
           os_error == ERROR_LOCK_VIOLATION;
}

static DWORD rename_open(HANDLE handle, const wchar_t *to, DWORD flags, int class)
{
    size_t bytes = wcslen(to) * sizeof(WCHAR);
    size_t size = offsetof(rename_request, name) + bytes + sizeof(WCHAR);
    rename_request *request = calloc(1, size);
    if (request == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    request->flags = flags;
    request->name_bytes = (DWORD)bytes;
    memcpy(request->name, to, bytes);
    DWORD os_error = ERROR_SUCCESS;
    if (!SetFileInformationByHandle(handle, (FILE_INFO_BY_HANDLE_CLASS) class, request,
                                    (DWORD)size))
        os_error = tether__win32_last_error();
    free(request);
    return os_error;
}

DWORD tether__win32_rename_open(HANDLE handle, const wchar_t *to)
{
    return rename_open(handle, to, 0, FileRenameInfo);
}

static DWORD rename_once(const wchar_t *from, const wchar_t *to, bool sync)
{
    DWORD flags = FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS |
                  (sync ? FILE_FLAG_WRITE_THROUGH : 0);
    HANDLE handle =
        CreateFileW(from, DELETE | SYNCHRONIZE, share_all, NULL, OPEN_EXISTING, flags, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        return tether__win32_last_error();
    DWORD os_error = rename_open(
        handle, to, RENAME_REPLACE | RENAME_POSIX | RENAME_IGNORING_READ_ONLY, RENAME_EX);
    /* The last flag was added to Windows later than the others. */
    if (tether__win32_is_unsupported(os_error))
        os_error = rename_open(handle, to, RENAME_REPLACE | RENAME_POSIX, RENAME_EX);
    CloseHandle(handle);
    if (!tether__win32_is_unsupported(os_error))
        return os_error;
    if (MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING | (sync ? MOVEFILE_WRITE_THROUGH : 0)))
        return ERROR_SUCCESS;
    return tether__win32_last_error();
}

DWORD tether__win32_rename(const wchar_t *from, const wchar_t *to, bool sync, int64_t deadline)
{
    DWORD os_error;
    unsigned round = 0;
    do
        os_error = rename_once(from, to, sync);
    while (tether__win32_is_transient(os_error) && tether__win32_back_off(&round, deadline));
    return os_error;
}
