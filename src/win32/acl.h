/* Whose a directory is, and whom it lets in. Any thread. */
#ifndef TETHER_WIN32_ACL_H
#define TETHER_WIN32_ACL_H

#include <windows.h>

#include "tether/error.h"

/* What CreateDirectoryW is given to make a directory, and what will be in it, the current user's
 * alone (the system besides, which backups and scanners run as; nobody keeps that out anyway).
 * *descriptor is freed with LocalFree(); NULL on failure. */
int tether__win32_acl_private(PSECURITY_DESCRIPTOR *descriptor, tether_error *error);

/* TETHER_ESTORE with the cure where a directory, open with READ_CONTROL, belongs to somebody else
 * or lets others read or write. One on a file system without access lists passes: there is nothing
 * that could be asked for. */
int tether__win32_acl_check(HANDLE directory, const char *path, tether_error *error);

#endif
