/* Seam: the small files of a task that the monitor reads and writes by their paths, in UTF-8. One
 * thread. Nothing here waits for another process for longer than a moment. */
#ifndef TETHER_FILE_OS_H
#define TETHER_FILE_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads up to `capacity` bytes of a regular file; 0 if that is not possible. */
size_t tether__monitor_file_read(const char *path, char *bytes, size_t capacity);

/* Creates a file, which is empty even if one was there, for tether__monitor_file_append. Returns a
 * handle; -1: that failed. */
intptr_t tether__monitor_file_create(const char *path);

/* Returns how much was written; 0 on failure. */
size_t tether__monitor_file_append(intptr_t file, const char *bytes, size_t size);

/* -1 is allowed. */
void tether__monitor_file_close(intptr_t file);

/* Renames a file, in the place of another one that the monitor has closed: readers see one or the
 * other. False: nothing has changed. */
bool tether__monitor_file_replace(const char *path, const char *new_path);

void tether__monitor_file_remove(const char *path);

#endif
