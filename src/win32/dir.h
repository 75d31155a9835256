/* What a directory handle is on Windows, and how files in one are opened: for the other files of
 * this folder. Any thread. */
#ifndef TETHER_WIN32_DIR_H
#define TETHER_WIN32_DIR_H

#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>
#include <windows.h>

#include "os/file.h"
#include "tether/error.h"

/* Tells whether two names mean one file: the number of the volume, and that of the file on it. */
typedef struct tether__win32_node {
    uint32_t volume;
    uint64_t index;
} tether__win32_node;

/* No open handle: one would keep a directory that somebody removes, and with it those above it, in
 * the file system (on all file systems but NTFS, and there before Windows 10 1809). The number of a
 * file has a count of its uses in it, so that another directory of the same name is another one. */
struct tether__dir {
    wchar_t *wide; /* absolute, with the prefix for long paths */
    char *path;    /* the same for people, scripts and children */
    tether__win32_node node;
};

/* An open file, and what it is. */
typedef struct tether__win32_file {
    HANDLE handle; /* INVALID_HANDLE_VALUE: none */
    DWORD attributes;
    DWORD links;
    uint64_t size;
    uint64_t written; /* FILETIME of the last write */
    tether__win32_node node;
} tether__win32_file;

/* The wide path of a name in a directory, freed with free(); NULL when memory is short or the name
 * is no UTF-8 (such a name is nowhere). */
wchar_t *tether__win32_dir_join(const tether__dir *dir, const char *name);

/* Opens by a wide path: CreateFileW with a handle that is not inherited, never through a link, also
 * a directory. 0 or the error; ERROR_DELETE_PENDING is told from "access denied". */
DWORD tether__win32_open_path(const wchar_t *path, DWORD access, DWORD share, DWORD disposition,
                              HANDLE *handle);

/* The same for a name in a directory, again and again for a moment while a scanner keeps the file
 * to itself or a removed one still has its name. A file that is not there is not waited for. */
DWORD tether__win32_open(const tether__dir *dir, const char *name, DWORD access, DWORD share,
                         DWORD disposition, HANDLE *handle);

/* Everybody may read, write, rename and remove what we have open. */
#define TETHER__WIN32_SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* Asks an open handle what it is; 0 or the error. */
DWORD tether__win32_look(HANDLE handle, tether__win32_file *file);

bool tether__win32_same_node(const tether__win32_node *a, const tether__win32_node *b);

/* Whether it is a file, and not a directory, a link, or one with several names. */
bool tether__win32_is_plain(const tether__win32_file *file);

/* Fails for a name in a directory: TETHER_EGONE where the directory is not there any more. */
int tether__win32_fail_in(tether__dir *dir, DWORD os_error, const char *step, const char *name,
                          tether_error *error);

/* Waits a little, longer from time to time: *round begins with 0. False, without a wait, once the
 * deadline of the monotonic clock is over. */
bool tether__win32_wait(unsigned *round, int64_t deadline);

#endif
