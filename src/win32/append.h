/* Appending to a lifeline, for the host and for the monitor. Any thread. */
#ifndef TETHER_WIN32_APPEND_H
#define TETHER_WIN32_APPEND_H

#include <stddef.h>
#include <windows.h>

/* Appends a line in one write to the file that this handle holds open for reading, whatever its
 * name is by now. Closes what it opens, so that the directory tells of the growth at once. Waits a
 * moment while a scanner has the file open without sharing. Returns 0 or the error; after one,
 * nothing of the line is left. */
DWORD tether__win32_append(HANDLE held, const char *line, size_t size);

#endif
