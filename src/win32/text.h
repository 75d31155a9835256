/* Conversions between the UTF-8 of this library and the UTF-16 of Windows, and paths without a
 * length limit. Pure, except that a relative path depends on the working directory; any thread. */
#ifndef TETHER_WIN32_TEXT_H
#define TETHER_WIN32_TEXT_H

#include <stddef.h>
#include <wchar.h>

#include "tether/error.h"

/* Converts UTF-8 to UTF-16, freed with free(); NULL on failure. TETHER_EINVAL for text that is not
 * UTF-8: replacing the bad bytes would name another file than the caller means. */
int tether__win32_widen(const char *text, wchar_t **wide, const char *step, tether_error *error);

/* The same for text of `size` bytes without a terminator. */
int tether__win32_widen_part(const char *text, size_t size, wchar_t **wide, const char *step,
                             tether_error *error);

/* Converts UTF-16 from the system to UTF-8, freed with free(); NULL when memory is short. Windows
 * permits names that are not valid UTF-16: each unpaired surrogate becomes U+FFFD, so such a file
 * can be shown, but not opened, by its UTF-8 name. */
char *tether__win32_narrow(const wchar_t *wide);

/* Makes a path absolute, in the form without a length limit, "\\?\C:\folder": with backslashes and
 * without "." and ".."; freed with free(); NULL on failure. A path that already has the prefix is
 * copied unchanged. TETHER_EINVAL for an empty path, text that is not UTF-8, and device names. */
int tether__win32_path(const char *path, wchar_t **wide, const char *step, tether_error *error);

/* Returns the length in UTF-16 units of the root of such a path, including the backslash at its
 * end: "\\?\C:\" or "\\?\UNC\server\share\". */
size_t tether__win32_root_size(const wchar_t *path);

/* Returns "folder\name", freed with free(); NULL when memory is short. */
wchar_t *tether__win32_join(const wchar_t *folder, const wchar_t *name);

/* Returns the path as users write it, in UTF-8: without the prefix, the drive letter in upper case;
 * freed with free(); NULL when memory is short. */
char *tether__win32_plain(const wchar_t *path);

/* The same in UTF-16, for programs that do not know the prefix. */
wchar_t *tether__win32_plain_wide(const wchar_t *path);

/* Returns a copy, freed with free(); NULL when memory is short. */
wchar_t *tether__win32_copy(const wchar_t *wide);

#endif
