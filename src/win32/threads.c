/* Owns the walk over the threads of processes.
 * Must not: know whose processes they are.
 * Thread: any. */
#include "win32/threads.h"

#include <tlhelp32.h>

/* A thread that runs while others are being suspended can start another one. */
enum { ROUNDS = 16 };

static bool is_member(const tether__win32_member *members, size_t count, DWORD pid)
{
    for (size_t i = 0; i < count; i++) {
        /* Without a handle the id may be another's by now. */
        if (members[i].pid == pid)
            return members[i].process != NULL;
    }
    return false;
}

/* Whether something has changed. Counts go up with each suspension: ours is one at most. */
static bool steer_thread(DWORD id, bool suspend)
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

static DWORD steer_once(const tether__win32_member *members, size_t count, bool suspend,
                        bool *changed)
{
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    if (all == INVALID_HANDLE_VALUE)
        return GetLastError();
    THREADENTRY32 entry = {.dwSize = sizeof entry};
    *changed = false;
    for (BOOL more = Thread32First(all, &entry); more; more = Thread32Next(all, &entry)) {
        if (is_member(members, count, entry.th32OwnerProcessID) &&
            steer_thread(entry.th32ThreadID, suspend))
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
        os_error = steer_once(members, count, suspend, &changed);
    return os_error;
}
