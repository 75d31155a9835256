/* Removing and renaming while others have the files open. Any thread; both may wait for a moment.
 */
#ifndef TETHER_WIN32_REMOVE_H
#define TETHER_WIN32_REMOVE_H

#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>
#include <windows.h>

/* Takes a name away by a wide path: of a file, a link, or an empty directory. The name is free when
 * it returns, also where others have the file open and let it be removed. While they do not, it
 * tries again until the deadline of the monotonic clock. 0 or the error. */
DWORD tether__win32_remove(const wchar_t *path, int64_t deadline);

/* Removes a directory with what is in it, following no link. 0 or the error. */
DWORD tether__win32_remove_tree(const wchar_t *path, int64_t deadline);

/* Puts a file in the place of another, or where none was, in one step; the same about waiting. With
 * `sync` the change is on the disk before it returns. 0 or the error. */
DWORD tether__win32_rename(const wchar_t *from, const wchar_t *to, bool sync, int64_t deadline);

#endif
