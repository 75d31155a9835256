/* Owns the lifeline's file: the open handle that holds it and the probe.
 * Must not: write lines of its own into it; the supervisor alone writes them.
 * Thread: any.
 *
 * The process that holds a lifeline has the file open for reading, without sharing deletion, so
 * that no process can rename or remove it. A probe opens the file with the right to delete it,
 * which fails while the file is held. The probe shares all access, so that it makes no other open
 * fail. The holding process does not open the file for writing, so that cmd, which permits no other
 * writer, can append to it by its name. */
#include "os/lifeline.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/error.h"
#include "win32/append.h"
#include "win32/dir.h"
#include "win32/error.h"

static const char step[] = "create lifeline";

static HANDLE handle_of(const tether__lifeline *lifeline)
{
    return (HANDLE)lifeline->handle;
}

int tether__os_lifeline_create(tether__dir *exits, const char *task_id, tether__lifeline *lifeline,
                               tether_error *error)
{
    HANDLE handle;
    lifeline->handle = -1;
    /* Reserves no space: NTFS keeps a file of this size in its entry of the master file table. */
    DWORD os_error = tether__win32_open(exits, task_id, GENERIC_READ,
                                        FILE_SHARE_READ | FILE_SHARE_WRITE, CREATE_NEW, &handle);
    if (os_error == ERROR_SUCCESS) {
        lifeline->handle = (intptr_t)handle;
        return TETHER_OK;
    }
    if (os_error == ERROR_FILE_EXISTS || os_error == ERROR_ALREADY_EXISTS)
        return tether__win32_fail_as(error, TETHER_ELOCKED, os_error, step,
                                     tether__os_dir_path(exits));
    return tether__win32_fail_in(exits, os_error, step, task_id, error);
}

int tether__os_lifeline_create_lean(tether__dir *exits, const char *task_id,
                                    tether__lifeline *lifeline, tether_error *error)
{
    return tether__os_lifeline_create(exits, task_id, lifeline, error);
}

int tether__os_lifeline_reserve(const tether__lifeline *lifeline, tether_error *error)
{
    (void)lifeline;
    (void)error;
    return TETHER_OK;
}

int tether__os_lifeline_append(const tether__lifeline *lifeline, const char *line, size_t size,
                               tether_error *error)
{
    DWORD os_error = tether__win32_append(handle_of(lifeline), line, size);
    return os_error == ERROR_SUCCESS
               ? TETHER_OK
               : tether__win32_fail(error, os_error, "write exit marker", "the lifeline");
}

/* A new write time raises the event. It is set to now, so that a line that is being appended at
 * this moment does not seem older than it is. */
void tether__os_lifeline_notify(tether__dir *exits, const char *task_id)
{
    HANDLE handle;
    FILETIME now;
    if (tether__win32_open(exits, task_id, FILE_WRITE_ATTRIBUTES, TETHER__WIN32_SHARE_ALL,
                           OPEN_EXISTING, &handle) != ERROR_SUCCESS)
        return;
    GetSystemTimeAsFileTime(&now);
    SetFileTime(handle, NULL, NULL, &now);
    CloseHandle(handle);
}

bool tether__os_lifeline_linked(const tether__lifeline *lifeline)
{
    FILE_STANDARD_INFO info;
    return GetFileInformationByHandleEx(handle_of(lifeline), FileStandardInfo, &info,
                                        sizeof info) &&
           !info.DeletePending && info.NumberOfLinks > 0;
}

void tether__os_lifeline_close(tether__lifeline *lifeline)
{
    if (lifeline->handle >= 0)
        CloseHandle(handle_of(lifeline));
    lifeline->handle = -1;
}

int tether__os_lifeline_held(tether__dir *exits, const char *task_id, bool *held,
                             tether_error *error)
{
    HANDLE handle;
    *held = false;
    wchar_t *path;
    DWORD os_error = tether__win32_dir_path(exits, task_id, &path);
    if (os_error == ERROR_SUCCESS)
        os_error =
            tether__win32_open_path(path, DELETE, TETHER__WIN32_SHARE_ALL, OPEN_EXISTING, &handle);
    free(path);
    if (os_error == ERROR_SUCCESS) {
        CloseHandle(handle);
        return TETHER_OK;
    }
    if (os_error == ERROR_SHARING_VIOLATION) {
        *held = true;
        return TETHER_OK;
    }
    /* A file that does not exist is not held. */
    if (os_error == ERROR_FILE_NOT_FOUND || os_error == ERROR_DELETE_PENDING)
        return TETHER_OK;
    return tether__win32_fail_in(exits, os_error, "probe lifeline", task_id, error);
}

/* The supervisor's descendants hold the file too. */
size_t tether__os_lifeline_read_held(tether__dir *exits, const char *task_id, char *text,
                                     size_t capacity)
{
    (void)exits;
    (void)task_id;
    (void)text;
    (void)capacity;
    return 0;
}
