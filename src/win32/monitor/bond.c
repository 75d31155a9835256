/* Owns the pipe by which the end of the task's host is heard of: a read that is under way until the
 * other end is closed.
 * Must not: take anything but its end for an end.
 * Thread: the only one. */
#include "win32/monitor/bond.h"

#include <stdbool.h>

#include "monitor/monitor_os.h"

static HANDLE bond;
static OVERLAPPED reading;
static char byte;
static bool ended;

void tether__bond_take(HANDLE told)
{
    bond = told;
}

static void note_end(void)
{
    ended = true;
    CloseHandle(bond);
    bond = NULL;
}

static void begin_read(void)
{
    if (!ReadFile(bond, &byte, 1, NULL, &reading) && GetLastError() != ERROR_IO_PENDING)
        note_end();
}

/* The command must not inherit it. */
bool tether__monitor_os_bind(void)
{
    if (bond == NULL || GetFileType(bond) != FILE_TYPE_PIPE ||
        !SetHandleInformation(bond, HANDLE_FLAG_INHERIT, 0))
        return false;
    reading.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (reading.hEvent == NULL)
        return false;
    begin_read();
    return true;
}

bool tether__monitor_os_host_ended(void)
{
    return ended;
}

HANDLE tether__bond_event(void)
{
    return bond != NULL ? reading.hEvent : NULL;
}

/* Nobody writes into it; what is there all the same is taken. A pipe that cannot be read tells of
 * nothing any more. */
void tether__bond_look(void)
{
    DWORD size;
    if (bond == NULL || reading.hEvent == NULL || !HasOverlappedIoCompleted(&reading))
        return;
    if (GetOverlappedResult(bond, &reading, &size, FALSE))
        begin_read();
    else
        note_end();
}
