/* The processes of a task: those in its job, and those that its supervisor has started outside of
 * it. Any thread. */
#ifndef TETHER_WIN32_FAMILY_H
#define TETHER_WIN32_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

#include "os/tree.h"

/* A process that was alive when it was listed; its handle pins it. */
typedef struct tether__win32_member {
    DWORD pid;
    HANDLE process; /* NULL: it may not be opened */
} tether__win32_member;

typedef struct tether__win32_family {
    HANDLE job; /* NULL: there is none */
    tether__win32_member *members;
    size_t count;
    size_t room;
} tether__win32_family;

/* Lists them, with handles that have `access` besides those to wait and query; the calling process
 * is left out, and consoles that the system has started are. 0 or the error; disposed in either
 * case. */
DWORD tether__win32_family_list(const tether__tree *tree, DWORD access,
                                tether__win32_family *family);
void tether__win32_family_dispose(tether__win32_family *family);

#endif
