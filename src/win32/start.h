/* CreateProcess as a supervisor needs it. Any thread. */
#ifndef TETHER_WIN32_START_H
#define TETHER_WIN32_START_H

#include <stdbool.h>
#include <wchar.h>
#include <windows.h>

#include "tether/error.h"

/* Standard input, output and error, and what comes after them. */
enum { TETHER__WIN32_STANDARD = 3, TETHER__WIN32_INHERITED = 6 };

typedef struct tether__win32_start {
    const wchar_t *program;                    /* a path without the prefix for long paths */
    wchar_t *line;                             /* the command line; CreateProcessW may modify it */
    const wchar_t *environment;                /* the environment block; NULL: the caller's own */
    const wchar_t *workdir;                    /* NULL: the caller's own */
    HANDLE inherited[TETHER__WIN32_INHERITED]; /* they need not be inheritable */
    size_t inherited_count;                    /* at least the standard ones, or 0: none */
    bool names_handles; /* the numbers of those after the standard ones become arguments */
    HANDLE job;         /* the process is created in it */
} tether__win32_start;

/* Creates a suspended process, outside of the caller's jobs where these permit it. *bound: at least
 * one of them does not, and the process is in that job. Returns 0, or the error with nothing left.
 */
DWORD tether__win32_create(const tether__win32_start *start, PROCESS_INFORMATION *process,
                           bool *bound);

/* Terminates a process that is still suspended, and closes its handles. */
void tether__win32_abandon(PROCESS_INFORMATION *process);

/* Finds out whether a program can be started: creates a process from it and terminates that before
 * it runs. *bound as above. Returns 0 or the error. */
DWORD tether__win32_probe(const wchar_t *program, bool *bound);

/* Fails with the reason why a program could not be started: `missing` if it does not exist;
 * TETHER_ENOTSUP if a job that this process is in is to blame. `shown` is its path in UTF-8. */
int tether__win32_fail_start(const wchar_t *program, const char *shown, DWORD os_error, int missing,
                             tether_error *error);

#endif
