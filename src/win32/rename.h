/* Renaming files that others have open, and which errors of that mean what. Any thread. */
#ifndef TETHER_WIN32_RENAME_H
#define TETHER_WIN32_RENAME_H

#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>
#include <windows.h>

/* Renames a file in one step, replacing a file of the new name. While others have one of them open
 * and the system cannot rename it then (see rename.c), retries until the deadline (monotonic clock,
 * ms). With `sync` the change is on the disk before it returns. Returns 0 or the error. */
DWORD tether__win32_rename(const wchar_t *from, const wchar_t *to, bool sync, int64_t deadline);

/* Renames through an open handle that has the DELETE right, if the new name is free. Returns 0 or
 * the error. */
DWORD tether__win32_rename_open(HANDLE handle, const wchar_t *to);

/* Whether the system does not support a request to rename or remove, rather than refuses it. */
bool tether__win32_is_unsupported(DWORD os_error);

/* Whether it may succeed later: another process has the file open, and may close it soon. */
bool tether__win32_is_transient(DWORD os_error);

#endif
