/* The owner and the access list of a directory. Any thread. */
#ifndef TETHER_WIN32_ACL_H
#define TETHER_WIN32_ACL_H

#include <windows.h>

#include "tether/error.h"

/* Creates a security descriptor for CreateDirectoryW: only the current user and the system account
 * can access the directory and all that is created in it later. Backups and scanners run under the
 * system account, which no list keeps out. *descriptor is freed with LocalFree(); NULL
 * on failure. */
int tether__win32_acl_private(PSECURITY_DESCRIPTOR *descriptor, tether_error *error);

/* Checks a directory that was opened with READ_CONTROL. TETHER_ESTORE, with the remedy in the
 * message, where it belongs to another user or grants others the right to read or write. TETHER_OK
 * on a file system without access lists: there is nothing to check. */
int tether__win32_acl_check(HANDLE directory, const char *path, tether_error *error);

#endif
