/* Owns the true names of directories on Windows.
 * Must not: change anything.
 * Thread: any. */
#include "mcp/folder_os.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <wchar.h>

static WCHAR *widen(const char *text)
{
    int count = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    WCHAR *wide = count > 0 ? malloc((size_t)count * sizeof *wide) : NULL;
    if (wide != NULL)
        MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, count);
    return wide;
}

static char *narrow(const WCHAR *wide)
{
    int count = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = count > 0 ? malloc((size_t)count) : NULL;
    if (text != NULL)
        WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, count, NULL, NULL);
    return text;
}

/* Takes the prefix away with which the system tells true names: \\?\C:\x and \\?\UNC\server\x. */
static char *plain(WCHAR *path)
{
    if (wcsncmp(path, L"\\\\?\\UNC\\", 8) == 0) {
        path[6] = L'\\';
        return narrow(path + 6);
    }
    return narrow(wcsncmp(path, L"\\\\?\\", 4) == 0 ? path + 4 : path);
}

static char *name_of(HANDLE directory)
{
    DWORD room = GetFinalPathNameByHandleW(directory, NULL, 0, FILE_NAME_NORMALIZED);
    WCHAR *path = room > 0 ? malloc(((size_t)room + 1) * sizeof *path) : NULL;
    char *name = NULL;
    if (path != NULL) {
        DWORD length = GetFinalPathNameByHandleW(directory, path, room + 1, FILE_NAME_NORMALIZED);
        if (length > 0 && length <= room)
            name = plain(path);
    }
    free(path);
    return name;
}

char *folder_os_resolve(const char *path)
{
    BY_HANDLE_FILE_INFORMATION information;
    char *name = NULL;
    WCHAR *wide = widen(path);
    if (wide == NULL)
        return NULL;
    HANDLE directory = CreateFileW(wide, FILE_READ_ATTRIBUTES,
                                   FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                                   OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    free(wide);
    if (directory == INVALID_HANDLE_VALUE)
        return NULL;
    if (GetFileInformationByHandle(directory, &information) &&
        (information.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
        name = name_of(directory);
    CloseHandle(directory);
    return name;
}

/* Compares as the file system does: without case, character by character. */
static bool begins_with(const WCHAR *path, const WCHAR *directory)
{
    size_t length = wcslen(directory);
    while (length > 0 && directory[length - 1] == L'\\')
        length--;
    return wcslen(path) >= length &&
           CompareStringOrdinal(path, (int)length, directory, (int)length, TRUE) == CSTR_EQUAL &&
           (path[length] == L'\\' || path[length] == L'\0');
}

bool folder_os_is_in(const char *path, const char *directory)
{
    WCHAR *wide_path = widen(path), *wide_directory = widen(directory);
    bool is_in =
        wide_path != NULL && wide_directory != NULL && begins_with(wide_path, wide_directory);
    free(wide_path);
    free(wide_directory);
    return is_in;
}

bool folder_os_same_variable(const char *left, const char *right)
{
    WCHAR *wide_left = widen(left), *wide_right = widen(right);
    bool same = wide_left != NULL && wide_right != NULL &&
                CompareStringOrdinal(wide_left, -1, wide_right, -1, TRUE) == CSTR_EQUAL;
    free(wide_left);
    free(wide_right);
    return same;
}
