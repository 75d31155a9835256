/* Directory handles on Windows, and how files in a directory are opened: for the other files of
 * this room. Any thread. */
#ifndef TETHER_WIN32_DIR_H
#define TETHER_WIN32_DIR_H

#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>
#include <windows.h>

#include "os/file.h"
#include "tether/error.h"
#include "win32/back_off.h"

/* Identifies a file by the serial number of its volume and its index on that volume. Two names lead
 * to the same file where these are equal. */
typedef struct tether__win32_node {
    uint32_t volume;
    uint64_t index;
} tether__win32_node;

/* Holds no open handle: one would keep a removed directory, and with it its parents, in the file
 * system (on every file system but NTFS, and on NTFS before Windows 10 1809). A file index includes
 * a count of its uses, so another directory that takes the name later has another index. */
struct tether__dir {
    wchar_t *wide; /* absolute, with the prefix for long paths */
    char *path;    /* the same without the prefix, UTF-8: for messages, scripts and children */
    tether__win32_node node;
};

/* An open file and its metadata. */
typedef struct tether__win32_file {
    HANDLE handle; /* INVALID_HANDLE_VALUE: none */
    DWORD attributes;
    DWORD links;
    uint64_t size;
    uint64_t written; /* FILETIME of the last write */
    tether__win32_node node;
} tether__win32_file;

/* Stores the wide path of a name in a directory, freed with free(); NULL on failure. Returns 0 or
 * the error: ERROR_INVALID_NAME for a name that is not UTF-8, of which no file exists. */
DWORD tether__win32_dir_path(const tether__dir *dir, const char *name, wchar_t **path);

/* Returns the path under which the system knows an open directory: long names instead of short
 * ones, links resolved. Returns a copy of the given path, which has the prefix for long paths,
 * where the system would leave its drive (a mapped drive, a `subst`, a link to another drive):
 * what it names instead may be a network path, in which cmd does not start. The same where the
 * system reports no path, as for some RAM disks. Freed with free(); NULL when memory is short. */
wchar_t *tether__win32_final_path(HANDLE directory, const wchar_t *given);

/* Opens a file or directory by a wide path with CreateFileW. The handle is not inheritable, and a
 * link is opened itself, not followed. Returns 0 or the error; a file that is being deleted gives
 * ERROR_DELETE_PENDING instead of "access denied". */
DWORD tether__win32_open_path(const wchar_t *path, DWORD access, DWORD share, DWORD disposition,
                              HANDLE *handle);

/* The same for a name in a directory. Retries for a moment while a scanner has the file open
 * without sharing, or while a removed file still occupies a name that is to be created. Does not
 * wait for a missing file. */
DWORD tether__win32_open(const tether__dir *dir, const char *name, DWORD access, DWORD share,
                         DWORD disposition, HANDLE *handle);

/* Others may read, write, rename and remove a file that we have open. */
#define TETHER__WIN32_SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* Reads the metadata of an open file; returns 0 or the error. */
DWORD tether__win32_inspect(HANDLE handle, tether__win32_file *file);

bool tether__win32_same_node(const tether__win32_node *a, const tether__win32_node *b);

/* Whether it is a regular file with a single link: no directory, link, device or hard-linked
 * file. */
bool tether__win32_is_regular(const tether__win32_file *file);

/* Reports an operation that failed on a name in a directory. TETHER_EGONE where the directory
 * itself is gone. */
int tether__win32_fail_in(tether__dir *dir, DWORD os_error, const char *step, const char *name,
                          tether_error *error);

#endif
