/* Owns removing files that are open. Since Windows 10 1709 NTFS can do it as POSIX does: the name
 * is free at once, and open handles keep working. Elsewhere a removed file occupies its name until
 * the last handle is closed. Must not: wait without a bound. Thread: any. */
#include "win32/remove.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "os/clock.h"
#include "win32/dir.h"
#include "win32/error.h"
#include "win32/rename.h"
#include "win32/text.h"

enum { TREE_DEPTH_LIMIT = 64, HIDDEN_UNITS = 32 };

/* Numbers of our own, because older headers lack them. */
enum {
    DISPOSITION_EX = 21,     /* FileDispositionInfoEx */
    DISPOSE_DELETE = 0x1,    /* FILE_DISPOSITION_FLAG_... */
    DISPOSE_POSIX = 0x2,     /* ..._POSIX_SEMANTICS */
    DISPOSE_READ_ONLY = 0x10 /* ..._IGNORE_READONLY_ATTRIBUTE */
};

static bool is_gone(DWORD os_error)
{
    return os_error == ERROR_FILE_NOT_FOUND || os_error == ERROR_PATH_NOT_FOUND ||
           os_error == ERROR_DELETE_PENDING;
}

/* Returns a name in the same directory that is very likely free; freed with free(). If a file has
 * that name, the rename to it fails and nothing is lost. NULL when memory is short. */
static wchar_t *name_beside(const wchar_t *path)
{
    LARGE_INTEGER now;
    wchar_t name[HIDDEN_UNITS];
    QueryPerformanceCounter(&now);
    swprintf(name, HIDDEN_UNITS, L".tmp-%08lx%08lx", (unsigned long)GetCurrentThreadId(),
             (unsigned long)(now.QuadPart & 0xffffffff));
    wchar_t *folder = tether__win32_copy(path);
    wchar_t *slash = folder != NULL ? wcsrchr(folder, L'\\') : NULL;
    wchar_t *hidden = NULL;
    if (slash != NULL) {
        *slash = L'\0';
        hidden = tether__win32_join(folder, name);
    }
    free(folder);
    return hidden;
}

/* Removes without POSIX semantics: what is removed occupies a name until its last handle is closed.
 * So a file is renamed first to free its own name. Where that fails, and for a directory, whose
 * hidden name would be in the way of its parent's removal, `lingers` becomes true: the name may
 * still be taken. */
static DWORD remove_without_posix(HANDLE handle, const wchar_t *path, bool *lingers)
{
    tether__win32_file file;
    FILE_DISPOSITION_INFO dispose = {TRUE};
    DWORD os_error = tether__win32_inspect(handle, &file);
    if (os_error != ERROR_SUCCESS)
        return os_error;
    if ((file.attributes & FILE_ATTRIBUTE_READONLY) != 0) {
        DWORD rest = file.attributes & ~(DWORD)FILE_ATTRIBUTE_READONLY;
        FILE_BASIC_INFO basic = {.FileAttributes = rest != 0 ? rest : FILE_ATTRIBUTE_NORMAL};
        SetFileInformationByHandle(handle, FileBasicInfo, &basic, sizeof basic);
    }
    *lingers = true;
    if ((file.attributes & FILE_ATTRIBUTE_DIRECTORY) == 0) {
        wchar_t *hidden = name_beside(path);
        *lingers = hidden == NULL || tether__win32_rename_open(handle, hidden) != ERROR_SUCCESS;
        free(hidden);
    }
    if (!SetFileInformationByHandle(handle, FileDispositionInfo, &dispose, sizeof dispose))
        return tether__win32_last_error();
    return ERROR_SUCCESS;
}

static DWORD remove_once(const wchar_t *path, bool *lingers)
{
    HANDLE handle;
    DWORD flags = DISPOSE_DELETE | DISPOSE_POSIX | DISPOSE_READ_ONLY;
    DWORD access = DELETE | SYNCHRONIZE | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES;
    DWORD os_error =
        tether__win32_open_path(path, access, TETHER__WIN32_SHARE_ALL, OPEN_EXISTING, &handle);
    /* Another process may be removing it, without POSIX semantics. */
    *lingers = os_error == ERROR_DELETE_PENDING;
    if (os_error != ERROR_SUCCESS)
        return os_error;
    if (!SetFileInformationByHandle(handle, (FILE_INFO_BY_HANDLE_CLASS)DISPOSITION_EX, &flags,
                                    sizeof flags))
        os_error = tether__win32_last_error();
    if (tether__win32_is_unsupported(os_error))
        os_error = remove_without_posix(handle, path, lingers);
    CloseHandle(handle);
    return os_error;
}

/* Whether the name is taken. Opens nothing for longer than the system's own look at it, because an
 * open handle would keep the name. */
static bool is_name_taken(const wchar_t *path)
{
    return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES ||
           tether__win32_last_error() == ERROR_DELETE_PENDING;
}

DWORD tether__win32_remove(const wchar_t *path, int64_t deadline)
{
    DWORD os_error;
    bool lingers;
    unsigned round = 0;
    do
        os_error = remove_once(path, &lingers);
    while (!is_gone(os_error) && tether__win32_is_transient(os_error) &&
           tether__win32_back_off(&round, deadline));
    if (os_error != ERROR_SUCCESS && !is_gone(os_error))
        return os_error;
    /* Most handles are those of other hosts, which have a look and close them. A name that is taken
     * for longer is freed without us when the last handle is closed. */
    round = 0;
    while (lingers && is_name_taken(path) && tether__win32_back_off(&round, deadline)) {
    }
    return ERROR_SUCCESS;
}

static DWORD remove_tree(const wchar_t *path, int depth, int64_t deadline);

static DWORD remove_entry(const wchar_t *folder, const WIN32_FIND_DATAW *entry, int depth,
                          int64_t deadline)
{
    if (wcscmp(entry->cFileName, L".") == 0 || wcscmp(entry->cFileName, L"..") == 0)
        return ERROR_SUCCESS;
    wchar_t *path = tether__win32_join(folder, entry->cFileName);
    if (path == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    bool enter =
        (entry->dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT)) ==
        FILE_ATTRIBUTE_DIRECTORY;
    DWORD os_error =
        enter ? remove_tree(path, depth + 1, deadline) : tether__win32_remove(path, deadline);
    free(path);
    return os_error;
}

static DWORD empty_directory(const wchar_t *path, int depth, int64_t deadline)
{
    WIN32_FIND_DATAW entry;
    wchar_t *pattern = tether__win32_join(path, L"*");
    if (pattern == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    HANDLE search = FindFirstFileW(pattern, &entry);
    DWORD os_error = search == INVALID_HANDLE_VALUE ? tether__win32_last_error() : ERROR_SUCCESS;
    free(pattern);
    if (search == INVALID_HANDLE_VALUE)
        return os_error;
    do
        os_error = remove_entry(path, &entry, depth, deadline);
    while (os_error == ERROR_SUCCESS && FindNextFileW(search, &entry));
    FindClose(search);
    return os_error;
}

/* Retries where others add files in the meantime, and where removed files linger because a
 * handle to them is open. */
static DWORD remove_tree(const wchar_t *path, int depth, int64_t deadline)
{
    DWORD os_error;
    unsigned round = 0;
    if (depth >= TREE_DEPTH_LIMIT)
        return ERROR_FILENAME_EXCED_RANGE;
    do {
        os_error = empty_directory(path, depth, deadline);
        if (os_error == ERROR_SUCCESS)
            os_error = tether__win32_remove(path, deadline);
    } while (os_error == ERROR_DIR_NOT_EMPTY && tether__win32_back_off(&round, deadline));
    return is_gone(os_error) ? ERROR_SUCCESS : os_error;
}

DWORD tether__win32_remove_tree(const wchar_t *path, int64_t deadline)
{
    tether__win32_file file;
    HANDLE handle;
    DWORD os_error = tether__win32_open_path(path, FILE_READ_ATTRIBUTES, TETHER__WIN32_SHARE_ALL,
                                             OPEN_EXISTING, &handle);
    if (os_error != ERROR_SUCCESS)
        return is_gone(os_error) ? ERROR_SUCCESS : os_error;
    os_error = tether__win32_inspect(handle, &file);
    CloseHandle(handle);
    if (os_error != ERROR_SUCCESS)
        return os_error;
    if ((file.attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 ||
        (file.attributes & FILE_ATTRIBUTE_DIRECTORY) == 0)
        return ERROR_DIRECTORY;
    return remove_tree(path, 0, deadline);
}
