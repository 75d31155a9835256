/* Removing files that others have open. Any thread; each call may wait for a moment. */
#ifndef TETHER_WIN32_REMOVE_H
#define TETHER_WIN32_REMOVE_H

#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>
#include <windows.h>

/* Removes a file, a link or an empty directory by its wide path; a missing one is no error. On
 * return the name is free, even if others have it open and share deletion. Without POSIX semantics
 * (see remove.c), what is removed may keep its name until others close it: then waits for that
 * until the deadline (monotonic clock, ms), and succeeds in any case. While others do not share
 * deletion, retries until the deadline. Returns 0 or the error. */
DWORD tether__win32_remove(const wchar_t *path, int64_t deadline);

/* Removes a directory with its contents, following no link; a missing one is no error. Returns 0 or
 * the error. */
DWORD tether__win32_remove_tree(const wchar_t *path, int64_t deadline);

#endif
