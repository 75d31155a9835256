/* Owns directory handles: opening and creating directories, checking that they still exist, and
 * opening files in them.
 * Must not: know what the files mean.
 * Thread: any. */
#include "win32/dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/clock.h"
#include "win32/acl.h"
#include "win32/error.h"
#include "win32/text.h"
#include "win32/time.h"

enum { OPEN_PATIENCE_MS = 1000, PATH_UNITS = 32767, NAME_UNITS = 255 };

DWORD tether__win32_dir_path(const tether__dir *dir, const char *name, wchar_t **path)
{
    wchar_t *wide;
    *path = NULL;
    int code = tether__win32_widen(name, &wide, "open file", NULL);
    if (code == TETHER_EINVAL)
        return ERROR_INVALID_NAME; /* not UTF-8 */
    if (code == TETHER_OK)
        *path = tether__win32_join(dir->wide, wide);
    free(wide);
    return *path != NULL ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

DWORD tether__win32_open_path(const wchar_t *path, DWORD access, DWORD share, DWORD disposition,
                              HANDLE *handle)
{
    /* FILE_FLAG_BACKUP_SEMANTICS opens directories too; the caller inspects the handle. */
    DWORD flags = FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS;
    *handle = CreateFileW(path, access, share, NULL, disposition, flags, NULL);
    return *handle != INVALID_HANDLE_VALUE ? ERROR_SUCCESS : tether__win32_last_error();
}

/* Whether a retry makes sense. A removed file occupies its name until its last handle is closed.
 * That hinders the creation of a new file; to a caller that opens an existing one, it is gone. */
static bool is_transient(DWORD os_error, DWORD disposition)
{
    return os_error == ERROR_SHARING_VIOLATION ||
           (os_error == ERROR_DELETE_PENDING && disposition != OPEN_EXISTING);
}

DWORD tether__win32_open(const tether__dir *dir, const char *name, DWORD access, DWORD share,
                         DWORD disposition, HANDLE *handle)
{
    *handle = INVALID_HANDLE_VALUE;
    wchar_t *path;
    DWORD os_error = tether__win32_dir_path(dir, name, &path);
    if (os_error != ERROR_SUCCESS)
        return os_error;
    int64_t deadline = tether__os_monotonic_ms() + OPEN_PATIENCE_MS;
    unsigned round = 0;
    do
        os_error = tether__win32_open_path(path, access, share, disposition, handle);
    while (is_transient(os_error, disposition) && tether__win32_back_off(&round, deadline));
    free(path);
    return os_error;
}

/* Returns 0 or the error, which is ERROR_ALREADY_EXISTS for a name that is taken. */
static DWORD make_directory(const wchar_t *path, SECURITY_ATTRIBUTES *security)
{
    int64_t deadline = tether__os_monotonic_ms() + OPEN_PATIENCE_MS;
    unsigned round = 0;
    DWORD os_error;
    do
        os_error = CreateDirectoryW(path, security) ? ERROR_SUCCESS : tether__win32_last_error();
    while (is_transient(os_error, CREATE_NEW) && tether__win32_back_off(&round, deadline));
    return os_error;
}

DWORD tether__win32_inspect(HANDLE handle, tether__win32_file *file)
{
    BY_HANDLE_FILE_INFORMATION found;
    *file = (tether__win32_file){.handle = handle};
    if (!GetFileInformationByHandle(handle, &found))
        return GetLastError();
    file->attributes = found.dwFileAttributes;
    file->links = found.nNumberOfLinks;
    file->size = tether__win32_ticks(found.nFileSizeHigh, found.nFileSizeLow);
    file->written = tether__win32_ticks(found.ftLastWriteTime.dwHighDateTime,
                                        found.ftLastWriteTime.dwLowDateTime);
    file->node.volume = found.dwVolumeSerialNumber;
    file->node.index = tether__win32_ticks(found.nFileIndexHigh, found.nFileIndexLow);
    return ERROR_SUCCESS;
}

bool tether__win32_same_node(const tether__win32_node *a, const tether__win32_node *b)
{
    return a->volume == b->volume && a->index == b->index;
}

bool tether__win32_is_regular(const tether__win32_file *file)
{
    return (file->attributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT |
                                FILE_ATTRIBUTE_DEVICE)) == 0 &&
           file->links <= 1;
}

/* Whether it is a directory itself, and not a link (a junction) to one. */
static bool is_directory(const tether__win32_file *file)
{
    return (file->attributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT)) ==
           FILE_ATTRIBUTE_DIRECTORY;
}

/* Opens a path, reads the metadata, and closes it. Returns 0 or the error. */
static DWORD inspect_path(const wchar_t *path, tether__win32_file *file)
{
    HANDLE handle;
    DWORD os_error = tether__win32_open_path(path, FILE_READ_ATTRIBUTES, TETHER__WIN32_SHARE_ALL,
                                             OPEN_EXISTING, &handle);
    if (os_error != ERROR_SUCCESS)
        return os_error;
    os_error = tether__win32_inspect(handle, file);
    CloseHandle(handle);
    file->handle = INVALID_HANDLE_VALUE;
    return os_error;
}

static bool is_missing(DWORD os_error)
{
    return os_error == ERROR_FILE_NOT_FOUND || os_error == ERROR_PATH_NOT_FOUND ||
           os_error == ERROR_DELETE_PENDING || os_error == ERROR_DIRECTORY;
}

/* Returns 0 while the directory exists; ERROR_PATH_NOT_FOUND where it is gone, or another directory
 * has its name. */
static DWORD check_exists(const tether__dir *dir)
{
    tether__win32_file file;
    DWORD os_error = inspect_path(dir->wide, &file);
    if (is_missing(os_error))
        return ERROR_PATH_NOT_FOUND;
    if (os_error != ERROR_SUCCESS)
        return os_error;
    return tether__win32_same_node(&file.node, &dir->node) ? ERROR_SUCCESS : ERROR_PATH_NOT_FOUND;
}

static int fail_removed(tether__dir *dir, const char *step, tether_error *error)
{
    return tether__fail(error, TETHER_EGONE, ERROR_PATH_NOT_FOUND, step,
                        "%s: %.300s was removed while it was open; close the registry and open it "
                        "again",
                        step, dir->path);
}

int tether__win32_fail_in(tether__dir *dir, DWORD os_error, const char *step, const char *name,
                          tether_error *error)
{
    if ((is_missing(os_error) || os_error == ERROR_ACCESS_DENIED) &&
        check_exists(dir) == ERROR_PATH_NOT_FOUND)
        return fail_removed(dir, step, error);
    char path[300];
    snprintf(path, sizeof path, "%s\\%s", dir->path, name);
    return tether__win32_fail(error, os_error, step, path);
}

/* Takes ownership of `wide`, also on failure. */
static int new_dir(wchar_t *wide, const tether__win32_node *node, tether__dir **dir,
                   tether_error *error)
{
    char *path = wide != NULL ? tether__win32_plain(wide) : NULL;
    *dir = path != NULL ? malloc(sizeof **dir) : NULL;
    if (*dir == NULL) {
        free(path);
        free(wide);
        return tether__fail_memory(error, "open directory");
    }
    **dir = (tether__dir){wide, path, *node};
    return TETHER_OK;
}

/* Reports that the store's parent is missing or is no directory: a drive, a share, a dangling
 * link. */
static int refuse_parent(DWORD os_error, const char *path, tether_error *error)
{
    if (!is_missing(os_error))
        return tether__win32_fail(error, os_error, "create store", path);
    return tether__fail(error, TETHER_ESTORE, (int)os_error, "create store",
                        "%.300s cannot be created: its parent directory does not exist, or is a "
                        "file or a dangling link; choose another store",
                        path);
}

/* Creates everything before the last component, with the rights that are inherited there. Parents
 * may be links and belong to anyone: only the store itself is protected. */
static int make_parents(wchar_t *path, const char *shown, tether_error *error)
{
    wchar_t *at = path + tether__win32_root_size(path);
    while ((at = wcschr(at, L'\\')) != NULL) {
        *at = L'\0';
        DWORD os_error = CreateDirectoryW(path, NULL) ? ERROR_SUCCESS : GetLastError();
        if (os_error != ERROR_SUCCESS && os_error != ERROR_ALREADY_EXISTS) {
            DWORD attributes = GetFileAttributesW(path);
            if (attributes != INVALID_FILE_ATTRIBUTES &&
                (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
                os_error = ERROR_ALREADY_EXISTS; /* it exists, in a parent that we cannot write
                                                  * to */
        }
        *at++ = L'\\';
        if (os_error != ERROR_SUCCESS && os_error != ERROR_ALREADY_EXISTS)
            return refuse_parent(os_error, shown, error);
    }
    return TETHER_OK;
}

static int create_root(wchar_t *path, const char *shown, tether_error *error)
{
    PSECURITY_DESCRIPTOR descriptor;
    int code = make_parents(path, shown, error);
    if (code == TETHER_OK)
        code = tether__win32_acl_private(&descriptor, error);
    if (code != TETHER_OK)
        return code;
    SECURITY_ATTRIBUTES security = {sizeof security, descriptor, FALSE};
    DWORD os_error = make_directory(path, &security);
    LocalFree(descriptor);
    if (os_error == ERROR_SUCCESS || os_error == ERROR_ALREADY_EXISTS ||
        GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES)
        return TETHER_OK;
    return refuse_parent(os_error, shown, error);
}

/* Whether both paths begin with the prefix for long paths and the same drive. */
static bool on_same_drive(const wchar_t *a, const wchar_t *b)
{
    enum { DRIVE_UNITS = 7 }; /* "\\?\C:\" */
    return wcslen(a) >= DRIVE_UNITS && a[5] == L':' && _wcsnicmp(a, b, DRIVE_UNITS) == 0;
}

wchar_t *tether__win32_final_path(HANDLE directory, const wchar_t *given)
{
    wchar_t *path = calloc(PATH_UNITS + 1, sizeof *path);
    if (path == NULL)
        return NULL;
    DWORD size = GetFinalPathNameByHandleW(directory, path, PATH_UNITS, 0);
    bool known = size > 0 && size < PATH_UNITS;
    bool drive = wcslen(given) > 5 && given[5] == L':';
    wchar_t *copy =
        tether__win32_copy(known && (!drive || on_same_drive(given, path)) ? path : given);
    free(path);
    return copy;
}

static int check_root(HANDLE handle, const wchar_t *wide, const char *shown, tether__dir **dir,
                      tether_error *error)
{
    tether__win32_file file;
    DWORD os_error = tether__win32_inspect(handle, &file);
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail(error, os_error, "open store", shown);
    if (!is_directory(&file))
        return tether__fail(error, TETHER_ESTORE, 0, "open store",
                            "%.300s is a link or not a directory; name the directory itself",
                            shown);
    int code = tether__win32_acl_check(handle, shown, error);
    if (code != TETHER_OK)
        return code;
    return new_dir(tether__win32_final_path(handle, wide), &file.node, dir, error);
}

static int open_root(const wchar_t *wide, const char *shown, tether__dir **dir, tether_error *error)
{
    HANDLE handle;
    DWORD os_error = tether__win32_open_path(wide, FILE_READ_ATTRIBUTES | READ_CONTROL,
                                             TETHER__WIN32_SHARE_ALL, OPEN_EXISTING, &handle);
    if (is_missing(os_error))
        return tether__win32_fail_as(error, TETHER_EGONE, os_error, "open store", shown);
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail(error, os_error, "open store", shown);
    int code = check_root(handle, wide, shown, dir, error);
    CloseHandle(handle);
    return code;
}

/* Whether the path is too long for every file system of Windows. They report that with different
 * errors. */
static bool is_too_long(const wchar_t *path)
{
    size_t size = wcslen(path);
    for (const wchar_t *at = path; *at != L'\0'; at += *at == L'\\' ? 1 : 0) {
        size_t part = wcscspn(at, L"\\");
        if (part > NAME_UNITS)
            return true;
        at += part;
    }
    return size >= PATH_UNITS;
}

int tether__os_dir_open_root(const char *path, bool create, tether__dir **dir, tether_error *error)
{
    wchar_t *wide;
    *dir = NULL;
    int code = tether__win32_path(path, &wide, "open store", error);
    if (code != TETHER_OK)
        return code;
    /* A backslash at the end would make Windows follow a link. */
    size_t size = wcslen(wide), root = tether__win32_root_size(wide);
    while (size > root && wide[size - 1] == L'\\')
        wide[--size] = L'\0';
    if (is_too_long(wide))
        code = tether__fail(error, TETHER_EINVAL, ERROR_FILENAME_EXCED_RANGE, "open store",
                            "the store's path is too long; choose a shorter path");
    if (code == TETHER_OK && create)
        code = create_root(wide, path, error);
    if (code == TETHER_OK)
        code = open_root(wide, path, dir, error);
    free(wide);
    return code;
}

static int refuse_directory(tether__dir *parent, const char *name, tether_error *error)
{
    return tether__fail(error, TETHER_ECORRUPT, 0, "open directory",
                        "%.300s\\%s is a link or not a directory; remove it", parent->path, name);
}

int tether__os_dir_open(tether__dir *parent, const char *name, bool create, tether__dir **dir,
                        tether_error *error)
{
    tether__win32_file file;
    *dir = NULL;
    wchar_t *wide;
    const char *step = "create directory";
    DWORD os_error = tether__win32_dir_path(parent, name, &wide);
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail_in(parent, os_error, step, name, error);
    if (create)
        os_error = make_directory(wide, NULL);
    if (os_error == ERROR_SUCCESS || os_error == ERROR_ALREADY_EXISTS) {
        step = "open directory";
        os_error = inspect_path(wide, &file);
    }
    if (os_error == ERROR_SUCCESS && is_directory(&file))
        return new_dir(wide, &file.node, dir, error);
    free(wide);
    if (os_error == ERROR_SUCCESS)
        return refuse_directory(parent, name, error);
    return tether__win32_fail_in(parent, os_error, step, name, error);
}

int tether__os_dir_ensure(tether__dir *parent, const char *name, bool *missing, tether__dir **dir,
                          tether_error *error)
{
    tether_error problem = {0};
    int code = tether__os_dir_open(parent, name, false, dir, &problem);
    *missing = code == TETHER_ENOTASK;
    if (*missing)
        return tether__os_dir_open(parent, name, true, dir, error);
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

void tether__os_dir_close(tether__dir *dir)
{
    if (dir == NULL)
        return;
    free(dir->wide);
    free(dir->path);
    free(dir);
}

const char *tether__os_dir_path(const tether__dir *dir)
{
    return dir->path;
}

int tether__os_dir_check(tether__dir *dir, tether_error *error)
{
    DWORD os_error = check_exists(dir);
    if (os_error == ERROR_SUCCESS)
        return TETHER_OK;
    if (os_error == ERROR_PATH_NOT_FOUND)
        return fail_removed(dir, "check directory", error);
    return tether__win32_fail(error, os_error, "check directory", dir->path);
}

/* Calls visit for each entry of a directory until it returns false. Returns 0 or the error. */
static DWORD visit_entries(const wchar_t *pattern, bool (*visit)(const char *name, void *userdata),
                           void *userdata)
{
    WIN32_FIND_DATAW entry;
    HANDLE search = FindFirstFileExW(pattern, FindExInfoBasic, &entry, FindExSearchNameMatch, NULL,
                                     FIND_FIRST_EX_LARGE_FETCH);
    DWORD os_error = search == INVALID_HANDLE_VALUE ? tether__win32_last_error() : ERROR_SUCCESS;
    bool more = os_error == ERROR_SUCCESS;
    while (more) {
        char *name = tether__win32_narrow(entry.cFileName);
        if (name == NULL)
            os_error = ERROR_NOT_ENOUGH_MEMORY;
        more = name != NULL &&
               (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || visit(name, userdata));
        free(name);
        if (more && !FindNextFileW(search, &entry)) {
            os_error = GetLastError();
            more = false;
        }
    }
    if (search != INVALID_HANDLE_VALUE)
        FindClose(search);
    return os_error == ERROR_NO_MORE_FILES ? ERROR_SUCCESS : os_error;
}

int tether__os_dir_list(tether__dir *dir, bool (*visit)(const char *name, void *userdata),
                        void *userdata, tether_error *error)
{
    int code = tether__os_dir_check(dir, error);
    if (code != TETHER_OK)
        return code;
    wchar_t *pattern = tether__win32_join(dir->wide, L"*");
    if (pattern == NULL)
        return tether__fail_memory(error, "list directory");
    DWORD os_error = visit_entries(pattern, visit, userdata);
    free(pattern);
    /* The root of a drive has no "." entry, so an empty one has no entries at all. */
    if (os_error == ERROR_SUCCESS || os_error == ERROR_FILE_NOT_FOUND)
        return TETHER_OK;
    return tether__win32_fail_in(dir, os_error, "list directory", ".", error);
}
