/* Owns locks between processes: a locked byte far behind all content, so that the holder's pid can
 * be read from the file. The system releases the lock when the holder's handle is closed.
 * Must not: wait without a bound.
 * Thread: any; each acquisition opens the file anew, so threads exclude each other too. */
#include "os/lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/error.h"
#include "os/clock.h"
#include "win32/dir.h"
#include "win32/error.h"

static const char step[] = "lock session";

enum { HOLDER_SIZE = 12, SPINS = 8, LAST_PAUSE_MS = 10 };

/* The seam's handle points to this. The path serves to check that the file still has its name. */
typedef struct held_lock {
    HANDLE file;
    tether__win32_node node;
    wchar_t *path;
} held_lock;

static OVERLAPPED far_byte(void)
{
    OVERLAPPED place = {0};
    place.OffsetHigh = 0x40000000;
    return place;
}

static int open_lock_file(tether__dir *dir, const char *name, tether__win32_file *file,
                          tether_error *error)
{
    HANDLE handle;
    DWORD os_error = tether__win32_open(dir, name, GENERIC_READ | GENERIC_WRITE,
                                        TETHER__WIN32_SHARE_ALL, OPEN_ALWAYS, &handle);
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail_in(dir, os_error, step, name, error);
    os_error = tether__win32_inspect(handle, file);
    if (os_error == ERROR_SUCCESS && tether__win32_is_regular(file))
        return TETHER_OK;
    CloseHandle(handle);
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail_in(dir, os_error, step, name, error);
    return tether__fail(error, TETHER_ECORRUPT, 0, step,
                        "%.300s\\%s is not a regular file with a single link; remove it", dir->path,
                        name);
}

static int fail_busy(HANDLE file, tether__dir *dir, int64_t waited_ms, tether_error *error)
{
    char holder[HOLDER_SIZE + 1] = {0};
    OVERLAPPED start = {0};
    DWORD got;
    long pid = 0;
    if (ReadFile(file, holder, HOLDER_SIZE, &got, &start))
        sscanf(holder, "%ld", &pid);
    char last[96] = "";
    if (pid != 0)
        snprintf(last, sizeof last, "; tether held it last in process %ld (it may be stopped)",
                 pid);
    return tether__fail(error, TETHER_ELOCKED, 0, step,
                        "the lock of %.300s was not free for %lld ms; which process holds it "
                        "cannot be determined%s; try again",
                        dir->path, (long long)waited_ms, last);
}

/* The pid is for users and for fail_busy() only: a full disk must not make the lock fail. */
static void write_holder(HANDLE file)
{
    char holder[HOLDER_SIZE + 1];
    OVERLAPPED start = {0};
    DWORD written;
    snprintf(holder, sizeof holder, "%-11lu\n", (unsigned long)GetCurrentProcessId());
    WriteFile(file, holder, HOLDER_SIZE, &written, &start);
}

/* Sleep() takes between 1 and 16 ms, too long for a lock that is held for a moment: yields a few
 * times first. */
static void pause_for(int round)
{
    if (round < SPINS)
        SwitchToThread();
    else
        Sleep(round - SPINS < LAST_PAUSE_MS ? (DWORD)(round - SPINS + 1) : LAST_PAUSE_MS);
}

static int wait_for_lock(HANDLE file, tether__dir *dir, int64_t timeout_ms, tether_error *error)
{
    int64_t deadline = tether__os_monotonic_ms() + timeout_ms;
    for (int round = 0;; round++) {
        OVERLAPPED place = far_byte();
        if (LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &place))
            return TETHER_OK;
        DWORD os_error = GetLastError();
        if (os_error != ERROR_LOCK_VIOLATION && os_error != ERROR_IO_PENDING)
            return tether__win32_fail_as(error, TETHER_ENOTSUP, os_error, step, dir->path);
        if (tether__os_monotonic_ms() >= deadline)
            return fail_busy(file, dir, timeout_ms, error);
        pause_for(round);
    }
}

int tether__os_lock_acquire(tether__dir *dir, const char *name, int64_t timeout_ms,
                            tether__lock *lock, tether_error *error)
{
    tether__win32_file file;
    lock->handle = -1;
    held_lock *held = calloc(1, sizeof *held);
    wchar_t *path = NULL;
    DWORD os_error =
        held != NULL ? tether__win32_dir_path(dir, name, &path) : (DWORD)ERROR_NOT_ENOUGH_MEMORY;
    int code;
    if (os_error != ERROR_SUCCESS)
        code = tether__win32_fail_in(dir, os_error, step, name, error);
    else
        code = open_lock_file(dir, name, &file, error);
    if (code == TETHER_OK) {
        code = wait_for_lock(file.handle, dir, timeout_ms, error);
        if (code != TETHER_OK)
            CloseHandle(file.handle);
    }
    if (code != TETHER_OK) {
        free(path);
        free(held);
        return code;
    }
    write_holder(file.handle);
    *held = (held_lock){file.handle, file.node, path};
    lock->handle = (intptr_t)held;
    return TETHER_OK;
}

bool tether__os_lock_linked(const tether__lock *lock)
{
    const held_lock *held = (const held_lock *)lock->handle;
    FILE_STANDARD_INFO standard;
    tether__win32_file now;
    HANDLE handle;
    if (!GetFileInformationByHandleEx(held->file, FileStandardInfo, &standard, sizeof standard) ||
        standard.DeletePending || standard.NumberOfLinks == 0)
        return false;
    /* A removed file may exist under another name until its last handle is closed. */
    if (tether__win32_open_path(held->path, FILE_READ_ATTRIBUTES, TETHER__WIN32_SHARE_ALL,
                                OPEN_EXISTING, &handle) != ERROR_SUCCESS)
        return false;
    bool same = tether__win32_inspect(handle, &now) == ERROR_SUCCESS &&
                tether__win32_same_node(&now.node, &held->node);
    CloseHandle(handle);
    return same;
}

void tether__os_lock_release(tether__lock *lock)
{
    if (lock->handle == -1)
        return;
    held_lock *held = (held_lock *)lock->handle;
    OVERLAPPED place = far_byte();
    /* Unlocks explicitly: after a mere close the system may release the lock later. */
    UnlockFileEx(held->file, 0, 1, 0, &place);
    CloseHandle(held->file);
    free(held->path);
    free(held);
    lock->handle = -1;
}
