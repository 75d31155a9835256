/* Text at the border to Windows: UTF-8 on our side, UTF-16 on its side, and paths that may be long.
 * Pure but for the working directory that a relative path refers to; any thread. */
#ifndef TETHER_WIN32_TEXT_H
#define TETHER_WIN32_TEXT_H

#include <stddef.h>
#include <wchar.h>

#include "tether/error.h"

/* UTF-8 to UTF-16, freed with free(); NULL on failure. TETHER_EINVAL for text that is no UTF-8:
 * guessing would name another file than the caller means. */
int tether__win32_widen(const char *text, wchar_t **wide, const char *step, tether_error *error);

/* The same for so many bytes. */
int tether__win32_widen_part(const char *text, size_t size, wchar_t **wide, const char *step,
                             tether_error *error);

/* UTF-16 that comes from the system to UTF-8, freed with free(); NULL when memory is short. Windows
 * lets names be no UTF-16: each stray half of a pair becomes U+FFFD, so that such a file can be
 * shown, but not opened, by its UTF-8 name. */
char *tether__win32_narrow(const wchar_t *wide);

/* An absolute path in the form that has no length limit, "\\?\C:\folder", with backslashes and
 * without "." and ".."; freed with free(); NULL on failure. A path that is in that form already is
 * taken as it is. TETHER_EINVAL for an empty path, no UTF-8, and names of devices. */
int tether__win32_path(const char *path, wchar_t **wide, const char *step, tether_error *error);

/* How many units at the start of such a path name its root, the backslash after it included:
 * "\\?\C:\" or "\\?\UNC\server\share\". */
size_t tether__win32_root_size(const wchar_t *path);

/* "folder\name", freed with free(); NULL when memory is short. */
wchar_t *tether__win32_join(const wchar_t *folder, const wchar_t *name);

/* The path as people write it, UTF-8: without the prefix, the drive's letter in upper case; freed
 * with free(); NULL when memory is short. */
char *tether__win32_plain(const wchar_t *path);

/* The same in UTF-16: for programs that do not know the prefix. */
wchar_t *tether__win32_plain_wide(const wchar_t *path);

/* A copy, freed with free(); NULL when memory is short. */
wchar_t *tether__win32_copy(const wchar_t *wide);

#endif
