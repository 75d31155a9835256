/* Owns suspending and resuming the threads of processes.
 * Must not: know which task the processes belong to.
 * Thread: any. */
#include "win32/threads.h"

#include <tlhelp32.h>

/* A thread that still runs while others are being suspended can start new ones, so the walk is
 * repeated. */
enum { ROUNDS = 16 };

static bool is_member(const tether__win32_member *members, size_t count, DWORD pid)
{
    for (size_t i = 0; i < count; i++) {
        /* Without a handle the pid may have been reused. */
        if (members[i].pid == pid)
            return members[i].process != NULL;
    }
    return false;
}

/* Returns true where the thread ran and is now suspended. Windows counts suspensions; this adds at
 * most one to a thread. */
static bool change_thread(DWORD id, bool suspend)
{
    const DWORD failed = (DWORD)-1;
    HANDLE thread = OpenThread(THREAD_SUSPEND_RESUME, FALSE, id);
    if (thread == NULL)
        return false;
    DWORD before = suspend ? SuspendThread(thread) : ResumeThread(thread);
    if (suspend && before != failed && before > 0)
        ResumeThread(thread);
    CloseHandle(thread);
    return suspend && before == 0;
}

static DWORD walk_once(const tether__win32_member *members, size_t count, bool suspend,
                       bool *changed)
{
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    if (all == INVALID_HANDLE_VALUE)
        return GetLastError();
    THREADENTRY32 entry = {.dwSize = sizeof entry};
    *changed = false;
    for (BOOL more = Thread32First(all, &entry); more; more = Thread32Next(all, &entry)) {
        if (is_member(members, count, entry.th32OwnerProcessID) &&
            change_thread(entry.th32ThreadID, suspend))
            *changed = true;
        entry.dwSize = sizeof entry;
    }
    CloseHandle(all);
    return ERROR_SUCCESS;
}

DWORD tether__win32_threads_pause_or_resume(const tether__win32_member *members, size_t count,
                                            bool suspend)
{
    bool changed = true;
    DWORD os_error = ERROR_SUCCESS;
    for (int round = 0; os_error == ERROR_SUCCESS && changed && round < ROUNDS; round++)
        os_error = walk_once(members, count, suspend, &changed);
    return os_error;
}
