/* Owns process identity on Windows: pid and creation time. An open handle pins its process:
 * everything that is read through it belongs to one process.
 * Must not: end or wait for any.
 * Thread: any. */
#include "os/process.h"

#include <string.h>
#include <windows.h>

#include "os/clock.h"
#include "win32/process.h"
#include "win32/time.h"

uint64_t tether__win32_start_time(HANDLE process)
{
    FILETIME created, exited, kernel, user;
    if (!GetProcessTimes(process, &created, &exited, &kernel, &user))
        return 0;
    return tether__win32_ticks(created.dwHighDateTime, created.dwLowDateTime);
}

tether__liveness tether__win32_process_open(const tether__identity *identity, DWORD access,
                                            HANDLE *process)
{
    char boot[TETHER__BOOT_ID_SIZE];
    *process = NULL;
    if (identity->pid <= 0 || identity->pid > UINT32_MAX)
        return TETHER__UNKNOWN;
    tether__os_boot_id(boot);
    if (identity->boot_id[0] != '\0' && boot[0] != '\0' && strcmp(identity->boot_id, boot) != 0)
        return TETHER__GONE;
    HANDLE opened = OpenProcess(access | SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE,
                                (DWORD)identity->pid);
    if (opened == NULL)
        return GetLastError() == ERROR_INVALID_PARAMETER ? TETHER__GONE : TETHER__UNKNOWN;
    uint64_t start_time = tether__win32_start_time(opened);
    tether__liveness alive = TETHER__UNKNOWN;
    /* An ended process remains in the system until its last handle is closed. */
    if (WaitForSingleObject(opened, 0) == WAIT_OBJECT_0)
        alive = TETHER__GONE;
    else if (identity->start_time != 0 && start_time != 0)
        alive = start_time == identity->start_time ? TETHER__ALIVE : TETHER__GONE;
    if (alive == TETHER__ALIVE)
        *process = opened;
    else
        CloseHandle(opened);
    return alive;
}

tether__liveness tether__os_process_alive(const tether__identity *identity)
{
    HANDLE process;
    tether__liveness alive = tether__win32_process_open(identity, 0, &process);
    if (process != NULL)
        CloseHandle(process);
    return alive;
}

/* Windows has no zombies, so there is nothing to reap. */
bool tether__os_process_reap(const tether__identity *child)
{
    return tether__os_process_alive(child) != TETHER__ALIVE;
}

uint64_t tether__os_process_start_time(int64_t pid)
{
    if (pid <= 0 || pid > UINT32_MAX)
        return 0;
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, (DWORD)pid);
    if (process == NULL)
        return 0;
    uint64_t start_time = tether__win32_start_time(process);
    CloseHandle(process);
    return start_time;
}

int64_t tether__os_process_self(void)
{
    return (int64_t)GetCurrentProcessId();
}
