/* Owns the pipe by which monitors learn of the end of a registry.
 * Must not: write into it.
 * Thread: any. */
#include "os/bond.h"

#include <windows.h>

#include "win32/error.h"
#include "win32/pipe.h"

/* Each monitor has a read of its own under way at the same open end: the system fails all of them
 * when the other end is closed. No handle is inherited unless a start names it. */
int tether__os_bond_open(tether__bond *bond, tether_error *error)
{
    HANDLE kept, told;
    DWORD os_error =
        tether__win32_pipe_pair(TETHER__WIN32_OUTBOUND, 0, 0, FILE_FLAG_OVERLAPPED, &kept, &told);
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail(error, os_error, "bind to the host", NULL);
    *bond = (tether__bond){.open = true, .kept = (intptr_t)kept, .told = (intptr_t)told};
    return TETHER_OK;
}

void tether__os_bond_close(tether__bond *bond)
{
    if (!bond->open)
        return;
    CloseHandle((HANDLE)bond->kept);
    CloseHandle((HANDLE)bond->told);
    *bond = (tether__bond){0};
}
