/* The owner and the access list of a directory. Any thread. */
#ifndef TETHER_WIN32_ACL_H
#define TETHER_WIN32_ACL_H

#include <windows.h>

#include "tether/error.h"

/* Makes the security descriptor with which CreateDirectoryW creates a directory that is, with all
 * that will be in it, accessible to the current user alone; and to the system account, under which
 * backups and scanners run and which no list keeps out. *descriptor is freed with LocalFree(); NULL
 * on failure. */
int tether__win32_acl_private(PSECURITY_DESCRIPTOR *descriptor, tether_error *error);

/* Checks a directory that was opened with READ_CONTROL. TETHER_ESTORE, with the remedy in the
 * message, where it belongs to another user or grants others the right to read or write. TETHER_OK
 * on a file system without access lists: there is nothing to check. */
int tether__win32_acl_check(HANDLE directory, const char *path, tether_error *error);

#endif
