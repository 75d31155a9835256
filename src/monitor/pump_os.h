/* Seam: the pipes into which a command writes, and the files to which the monitor moves what comes.
 * Stream 0 is standard output, 1 is standard error. A stream that shares the other one's pipe, or
 * has none, or whose pipe is closed, has nothing to read. One thread; nothing here waits. */
#ifndef TETHER_PUMP_OS_H
#define TETHER_PUMP_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TETHER__PUMP_STREAMS = 2 };

/* Puts pipes in the place of this process's standard output and standard error, whose files it
 * keeps; one pipe for both if these are the same file. What is started inherits the other ends. The
 * sleep of the monitor ends when something can be read. With `places`, the monitor writes to each
 * place of the files, else at their ends. Returns 0 or the system's error. */
int tether__pump_os_open(bool places);

/* Returns how many bytes the pipe holds now. An empty pipe that nobody can write to any more is
 * closed. */
int64_t tether__pump_os_held(int stream);

/* Reads up to `most` bytes of those that the pipe holds; 0 on failure. */
int64_t tether__pump_os_read(int stream, char *bytes, int64_t most);

/* Makes the pipe hold so many bytes, where the system can do that later. */
void tether__pump_os_widen(int stream, int size);

/* Returns whether a command that has written so many bytes between two looks would fill a pipe
 * while the monitor rests. */
bool tether__pump_os_fills(int64_t moved);

/* Returns whether there is a file of this stream. */
bool tether__pump_os_has_file(int stream);

/* Writes to the file, at this offset if it was opened with places. Returns how many bytes; 0 or
 * less: none can be written, such as on a full disk. */
int64_t tether__pump_os_write(int stream, const char *bytes, size_t size, uint64_t offset);

/* The blocks in which the space of a file is given back. */
uint64_t tether__pump_os_block(void);

/* Gives the space of a part of the file back to the disk, which then reads as zeros. False: it may
 * work another time. A file system that has no holes keeps the space: true. */
bool tether__pump_os_punch(int stream, uint64_t from, uint64_t to);

#endif
