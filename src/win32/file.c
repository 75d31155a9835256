/* Owns the files of the store on Windows. Everything is opened with full sharing, so that readers
 * do not block those who write, rename or remove.
 * Must not: know what the files mean.
 * Thread: any. */
#include "os/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/error.h"
#include "os/clock.h"
#include "os/read_whole.h"
#include "os/temporary.h"
#include "win32/dir.h"
#include "win32/error.h"
#include "win32/remove.h"
#include "win32/rename.h"
#include "win32/text.h"
#include "win32/time.h"

/* How long to retry while another process has a file open; readers and scanners need less. A
 * removal gives up sooner, because it can be repeated later. */
enum { RENAME_PATIENCE_MS = 2000, REMOVE_PATIENCE_MS = 300, TREE_PATIENCE_MS = 2000 };

/* ERROR_DIRECTORY_NOT_SUPPORTED, which older headers lack: what Windows itself would report. */
enum { DIRECTORY_NOT_SUPPORTED = 336 };

enum { BLOCK_SIZE = 32 * 1024, WRITE_SIZE = 1 << 20 };

static int64_t deadline_in(int64_t ms)
{
    return tether__os_monotonic_ms() + ms;
}

/* Returns 0 or the error. `place` NULL: writes at the handle's position, which moves. */
static DWORD write_at(HANDLE handle, OVERLAPPED *place, const char *data, size_t size)
{
    while (size > 0) {
        DWORD written;
        if (!WriteFile(handle, data, size < WRITE_SIZE ? (DWORD)size : WRITE_SIZE, &written, place))
            return GetLastError();
        data += written;
        size -= written;
    }
    return ERROR_SUCCESS;
}

static DWORD write_all(HANDLE handle, const char *data, size_t size)
{
    return write_at(handle, NULL, data, size);
}

static void remove_failed(tether__dir *dir, const char *name)
{
    wchar_t *path;
    if (tether__win32_dir_path(dir, name, &path) == ERROR_SUCCESS)
        tether__win32_remove(path, deadline_in(REMOVE_PATIENCE_MS));
    free(path);
}

static DWORD open_new(tether__dir *dir, const char *name, HANDLE *handle)
{
    return tether__win32_open(dir, name, GENERIC_WRITE, TETHER__WIN32_SHARE_ALL, CREATE_NEW,
                              handle);
}

/* Closes a new file, and removes it where writing failed (os_error is not 0). Returns 0 or the
 * error. */
static DWORD finish_new(tether__dir *dir, const char *name, HANDLE handle, bool sync,
                        DWORD os_error)
{
    if (os_error == ERROR_SUCCESS && sync && !FlushFileBuffers(handle))
        os_error = GetLastError();
    CloseHandle(handle);
    if (os_error != ERROR_SUCCESS)
        remove_failed(dir, name);
    return os_error;
}

static int create_file(tether__dir *dir, const char *name, const void *data, size_t size, bool sync,
                       tether_error *error)
{
    HANDLE handle;
    DWORD os_error = open_new(dir, name, &handle);
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail_in(dir, os_error, "create file", name, error);
    os_error = finish_new(dir, name, handle, sync, write_all(handle, data, size));
    if (os_error == ERROR_SUCCESS)
        return TETHER_OK;
    return tether__win32_fail_in(dir, os_error, "write file", name, error);
}

int tether__os_file_create(tether__dir *dir, const char *name, const void *data, size_t size,
                           tether_error *error)
{
    return create_file(dir, name, data, size, false, error);
}

int tether__os_file_rename(tether__dir *dir, const char *name, const char *new_name, bool sync,
                           tether_error *error)
{
    wchar_t *from, *to = NULL;
    DWORD os_error = tether__win32_dir_path(dir, name, &from);
    if (os_error == ERROR_SUCCESS)
        os_error = tether__win32_dir_path(dir, new_name, &to);
    if (os_error == ERROR_SUCCESS)
        os_error = tether__win32_rename(from, to, sync, deadline_in(RENAME_PATIENCE_MS));
    free(from);
    free(to);
    if (os_error == ERROR_SUCCESS)
        return TETHER_OK;
    return tether__win32_fail_in(dir, os_error, "replace file", new_name, error);
}

int tether__os_file_replace(tether__dir *dir, const char *name, const void *data, size_t size,
                            bool sync, tether_error *error)
{
    char temporary[TETHER__TEMPORARY_SIZE];
    int code = tether__temporary_choose(temporary, error);
    if (code == TETHER_OK)
        code = create_file(dir, temporary, data, size, sync, error);
    if (code != TETHER_OK)
        return code;
    code = tether__os_file_rename(dir, temporary, name, sync, error);
    if (code != TETHER_OK)
        remove_failed(dir, temporary);
    return code;
}

static void fill_stamp(const tether__win32_file *file, tether__file_stamp *stamp)
{
    stamp->node = file->node.index;
    stamp->size = file->size;
    stamp->mtime_ns = tether__win32_unix_ns(file->written);
}

/* Opens a file that must be a regular one with a single link. */
static int open_regular(DWORD access, tether__dir *dir, const char *name, tether__win32_file *file,
                        tether_error *error)
{
    HANDLE handle;
    file->handle = INVALID_HANDLE_VALUE;
    DWORD os_error = tether__win32_open(dir, name, access | FILE_READ_ATTRIBUTES | SYNCHRONIZE,
                                        TETHER__WIN32_SHARE_ALL, OPEN_EXISTING, &handle);
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail_in(dir, os_error, "open file", name, error);
    os_error = tether__win32_inspect(handle, file);
    if (os_error == ERROR_SUCCESS && tether__win32_is_regular(file))
        return TETHER_OK;
    CloseHandle(handle);
    file->handle = INVALID_HANDLE_VALUE;
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail_in(dir, os_error, "open file", name, error);
    return tether__fail(error, TETHER_ECORRUPT, 0, "open file",
                        "%.300s\\%s is not a regular file with a single link; remove it",
                        tether__os_dir_path(dir), name);
}

int tether__os_file_append(tether__dir *dir, const char *name, const void *data, size_t size,
                           tether_error *error)
{
    tether__win32_file file;
    /* With this right alone, every write appends to the file atomically. */
    int code = open_regular(FILE_APPEND_DATA, dir, name, &file, error);
    if (code != TETHER_OK)
        return code;
    DWORD os_error = write_all(file.handle, data, size);
    CloseHandle(file.handle);
    if (os_error == ERROR_SUCCESS)
        return TETHER_OK;
    return tether__win32_fail_in(dir, os_error, "write file", name, error);
}

/* Removes all bytes from `size` on, if it can: what stays is damage to readers. */
static void cut_off(HANDLE handle, uint64_t size)
{
    FILE_END_OF_FILE_INFO end = {.EndOfFile.QuadPart = (LONGLONG)size};
    SetFileInformationByHandle(handle, FileEndOfFileInfo, &end, sizeof end);
}

/* Returns 0 or the error. file->size is that before the call, and after it that of the file. */
static DWORD extend(tether__win32_file *file, const void *data, size_t size, bool sync)
{
    /* Stands for the end of the file: each write appends atomically. */
    OVERLAPPED end = {.Offset = UINT32_MAX, .OffsetHigh = UINT32_MAX};
    DWORD os_error = write_at(file->handle, &end, data, size);
    if (os_error != ERROR_SUCCESS) {
        cut_off(file->handle, file->size);
        return os_error;
    }
    /* Data that was written as a whole is never taken back: somebody may have read it already. */
    if (sync && !FlushFileBuffers(file->handle))
        return GetLastError();
    return tether__win32_inspect(file->handle, file);
}

int tether__os_file_extend(tether__dir *dir, const char *name, const void *data, size_t size,
                           bool sync, tether__file_stamp *stamp, tether_error *error)
{
    tether__win32_file file;
    /* FILE_APPEND_DATA alone would not permit to cut off what a failed write has left. */
    int code = open_regular(FILE_APPEND_DATA | FILE_WRITE_DATA, dir, name, &file, error);
    if (code != TETHER_OK)
        return code;
    DWORD os_error = extend(&file, data, size, sync);
    CloseHandle(file.handle);
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail_in(dir, os_error, "write file", name, error);
    /* A file system may set the time of the last write only when the handle is closed. */
    if (tether__os_file_stamp(dir, name, stamp, NULL) != TETHER_OK)
        fill_stamp(&file, stamp);
    return TETHER_OK;
}

static uint32_t read_some(intptr_t handle, void *buffer, size_t size, size_t *got)
{
    DWORD part;
    *got = 0;
    if (!ReadFile((HANDLE)handle, buffer, size < WRITE_SIZE ? (DWORD)size : WRITE_SIZE, &part,
                  NULL))
        return GetLastError();
    *got = part;
    return 0;
}

int tether__os_file_read(tether__dir *dir, const char *name, size_t limit, char **data,
                         size_t *size, tether__file_stamp *stamp, tether_error *error)
{
    tether__win32_file file;
    uint32_t os_error;
    *data = NULL;
    *size = 0;
    int code = open_regular(FILE_READ_DATA, dir, name, &file, error);
    if (code != TETHER_OK)
        return code;
    if (stamp != NULL)
        fill_stamp(&file, stamp);
    tether__whole result =
        tether__read_whole((intptr_t)file.handle, read_some, limit, data, size, &os_error);
    CloseHandle(file.handle);
    switch (result) {
    case TETHER__WHOLE_READ:
        if (*size >= file.size)
            return TETHER_OK;
        free(*data);
        *data = NULL;
        *size = 0;
        return tether__fail(error, TETHER_EIO, 0, "read file",
                            "%.300s\\%s became shorter while it was read; read it again",
                            tether__os_dir_path(dir), name);
    case TETHER__WHOLE_TOO_BIG:
        return tether__fail(
            error, TETHER_ETOOBIG, 0, "read file",
            "%.300s\\%s has more than %zu bytes; tether did not write it: move it away",
            tether__os_dir_path(dir), name, limit);
    case TETHER__WHOLE_NO_MEMORY:
        return tether__win32_fail_in(dir, ERROR_NOT_ENOUGH_MEMORY, "read file", name, error);
    case TETHER__WHOLE_FAILED:
        break;
    }
    return tether__win32_fail_in(dir, os_error, "read file", name, error);
}

/* Returns 0 or the error. */
static DWORD read_at(HANDLE handle, uint64_t offset, char *buffer, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        uint64_t at = offset + *got;
        size_t want = size - *got;
        DWORD part;
        OVERLAPPED place = {0};
        place.Offset = (DWORD)(at & UINT32_MAX);
        place.OffsetHigh = (DWORD)(at >> 32);
        if (!ReadFile(handle, buffer + *got, want < WRITE_SIZE ? (DWORD)want : WRITE_SIZE, &part,
                      &place)) {
            DWORD os_error = GetLastError();
            return os_error == ERROR_HANDLE_EOF ? ERROR_SUCCESS : os_error;
        }
        if (part == 0)
            break;
        *got += part;
    }
    return ERROR_SUCCESS;
}

int tether__os_file_read_at(tether__dir *dir, const char *name, uint64_t offset, void *buffer,
                            size_t size, size_t *got, tether_error *error)
{
    tether__win32_file file;
    *got = 0;
    int code = open_regular(FILE_READ_DATA, dir, name, &file, error);
    if (code != TETHER_OK)
        return code;
    DWORD os_error = read_at(file.handle, offset, buffer, size, got);
    CloseHandle(file.handle);
    if (os_error == ERROR_SUCCESS)
        return TETHER_OK;
    return tether__win32_fail_in(dir, os_error, "read file", name, error);
}

int tether__os_file_open(tether__dir *dir, const char *name, tether__file *file,
                         tether__file_stamp *stamp, tether_error *error)
{
    tether__win32_file opened;
    int code = open_regular(FILE_READ_DATA, dir, name, &opened, error);
    file->handle = (intptr_t)opened.handle;
    if (code == TETHER_OK && stamp != NULL)
        fill_stamp(&opened, stamp);
    return code;
}

int tether__os_file_size(const tether__file *file, uint64_t *size, tether_error *error)
{
    tether__win32_file opened;
    DWORD os_error = tether__win32_inspect((HANDLE)file->handle, &opened);
    *size = opened.size;
    if (os_error == ERROR_SUCCESS)
        return TETHER_OK;
    return tether__win32_fail(error, os_error, "inspect file", NULL);
}

int tether__os_file_pread(const tether__file *file, uint64_t offset, void *buffer, size_t size,
                          size_t *got, tether_error *error)
{
    DWORD os_error = read_at((HANDLE)file->handle, offset, buffer, size, got);
    if (os_error == ERROR_SUCCESS)
        return TETHER_OK;
    return tether__win32_fail(error, os_error, "read file", NULL);
}

/* Returns 0 or the error. */
static DWORD copy_part(HANDLE from, uint64_t offset, uint64_t size, HANDLE to)
{
    char block[BLOCK_SIZE];
    while (size > 0) {
        size_t want = size < sizeof block ? (size_t)size : sizeof block;
        size_t got;
        DWORD os_error = read_at(from, offset, block, want, &got);
        if (os_error == ERROR_SUCCESS && got < want)
            os_error = ERROR_HANDLE_EOF;
        if (os_error == ERROR_SUCCESS)
            os_error = write_all(to, block, got);
        if (os_error != ERROR_SUCCESS)
            return os_error;
        offset += got;
        size -= got;
    }
    return ERROR_SUCCESS;
}

int tether__os_file_copy(const tether__file *from, uint64_t offset, uint64_t size, tether__dir *dir,
                         bool sync, char temporary[TETHER__TEMPORARY_SIZE], tether_error *error)
{
    HANDLE handle;
    int code = tether__temporary_choose(temporary, error);
    if (code != TETHER_OK)
        return code;
    DWORD os_error = open_new(dir, temporary, &handle);
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail_in(dir, os_error, "create file", temporary, error);
    os_error = copy_part((HANDLE)from->handle, offset, size, handle);
    os_error = finish_new(dir, temporary, handle, sync, os_error);
    if (os_error == ERROR_SUCCESS)
        return TETHER_OK;
    return tether__win32_fail_in(dir, os_error, "copy file", temporary, error);
}

void tether__os_file_close(tether__file *file)
{
    if ((HANDLE)file->handle != INVALID_HANDLE_VALUE)
        CloseHandle((HANDLE)file->handle);
    file->handle = -1;
}

/* Opened with FILE_READ_ATTRIBUTES alone, which no share mode of another handle forbids. */
int tether__os_file_stamp(tether__dir *dir, const char *name, tether__file_stamp *stamp,
                          tether_error *error)
{
    HANDLE handle;
    tether__win32_file file;
    *stamp = (tether__file_stamp){0};
    DWORD os_error = tether__win32_open(dir, name, FILE_READ_ATTRIBUTES, TETHER__WIN32_SHARE_ALL,
                                        OPEN_EXISTING, &handle);
    if (os_error == ERROR_SUCCESS) {
        os_error = tether__win32_inspect(handle, &file);
        CloseHandle(handle);
    }
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail_in(dir, os_error, "inspect file", name, error);
    fill_stamp(&file, stamp);
    return TETHER_OK;
}

/* Refuses a directory, so that an empty one is not removed by mistake. */
static DWORD remove_file(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);
    if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0 &&
        (attributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0)
        return DIRECTORY_NOT_SUPPORTED;
    return tether__win32_remove(path, deadline_in(REMOVE_PATIENCE_MS));
}

int tether__os_file_remove(tether__dir *dir, const char *name, tether_error *error)
{
    wchar_t *path;
    DWORD os_error = tether__win32_dir_path(dir, name, &path);
    if (os_error == ERROR_SUCCESS)
        os_error = remove_file(path);
    free(path);
    if (os_error == ERROR_SUCCESS)
        return TETHER_OK;
    return tether__win32_fail_in(dir, os_error, "remove file", name, error);
}

int tether__os_dir_remove(tether__dir *parent, const char *name, tether_error *error)
{
    wchar_t *path;
    DWORD os_error = tether__win32_dir_path(parent, name, &path);
    if (os_error == ERROR_SUCCESS)
        os_error = tether__win32_remove_tree(path, deadline_in(TREE_PATIENCE_MS));
    free(path);
    if (os_error == ERROR_SUCCESS)
        return TETHER_OK;
    return tether__win32_fail_in(parent, os_error, "remove directory", name, error);
}

static bool is_held(DWORD os_error, const wchar_t *to)
{
    return os_error == ERROR_SHARING_VIOLATION ||
           (os_error == ERROR_ACCESS_DENIED && GetFileAttributesW(to) == INVALID_FILE_ATTRIBUTES);
}

/* Retries: a directory cannot be moved while a file in it is open. */
static DWORD move(const wchar_t *from, const wchar_t *to)
{
    int64_t deadline = deadline_in(RENAME_PATIENCE_MS);
    DWORD os_error;
    unsigned round = 0;
    do
        os_error = MoveFileExW(from, to, 0) ? ERROR_SUCCESS : tether__win32_last_error();
    while (is_held(os_error, to) && tether__win32_back_off(&round, deadline));
    return os_error;
}

int tether__os_move(tether__dir *from, const char *name, tether__dir *to, const char *new_name,
                    tether_error *error)
{
    wchar_t *old_path, *new_path = NULL;
    DWORD os_error = tether__win32_dir_path(from, name, &old_path);
    if (os_error == ERROR_SUCCESS)
        os_error = tether__win32_dir_path(to, new_name, &new_path);
    if (os_error == ERROR_SUCCESS)
        os_error = move(old_path, new_path);
    free(old_path);
    free(new_path);
    if (os_error == ERROR_SUCCESS)
        return TETHER_OK;
    return tether__win32_fail_in(from, os_error, "move", name, error);
}
