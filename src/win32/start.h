/* CreateProcess with all that a supervisor needs. Any thread. */
#ifndef TETHER_WIN32_START_H
#define TETHER_WIN32_START_H

#include <stdbool.h>
#include <wchar.h>
#include <windows.h>

enum { TETHER__WIN32_INHERITED = 4 };

typedef struct tether__win32_start {
    const wchar_t *program;     /* a path as programs take it */
    wchar_t *line;              /* the command line; CreateProcess may write to it */
    const wchar_t *environment; /* the block; NULL: the caller's own */
    const wchar_t *workdir;     /* NULL: the caller's own */
    /* Standard input, output and error, and one more; NULL: no handle is inherited at all. Where
     * there are any there are all. They need not be inheritable. */
    HANDLE inherited[TETHER__WIN32_INHERITED];
    HANDLE job; /* that it is in from its first instant on */
} tether__win32_start;

/* Creates a process that runs nothing yet, outside of the jobs of the caller where those let it go.
 * *bound: not all of them do, and it is in one. 0 or the error, with nothing left. */
DWORD tether__win32_create(const tether__win32_start *start, PROCESS_INFORMATION *process,
                           bool *bound);

/* Ends one that runs nothing yet, and closes its handles. */
void tether__win32_abandon(PROCESS_INFORMATION *process);

/* Creates a process from a program and ends it before it runs. */
DWORD tether__win32_try(const wchar_t *program, bool *bound);

#endif
