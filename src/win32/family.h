/* The processes of a task: those in its job, and the descendants of its supervisor outside of it.
 * Any thread. */
#ifndef TETHER_WIN32_FAMILY_H
#define TETHER_WIN32_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

#include "os/tree.h"

/* A process that was alive when it was listed. Its handle pins it: the pid is not reused while the
 * handle is open. */
typedef struct tether__win32_member {
    DWORD pid;
    HANDLE process; /* NULL: it could not be opened */
} tether__win32_member;

typedef struct tether__win32_family {
    HANDLE job; /* NULL: the task has none */
    tether__win32_member *members;
    size_t count;
    size_t capacity;
} tether__win32_family;

/* Lists the processes, with handles that have `access` besides the rights to wait and to query.
 * Leaves out the calling process and the console hosts that the system starts. Returns 0 or the
 * error; the caller disposes of *family in either case. */
DWORD tether__win32_family_list(const tether__tree *tree, DWORD access,
                                tether__win32_family *family);
void tether__win32_family_dispose(tether__win32_family *family);

#endif
