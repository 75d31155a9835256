/* The points of time that a monitor has noted of a task's outputs. */
#ifndef TETHER_TIMES_FILE_H
#define TETHER_TIMES_FILE_H

#include <stddef.h>

#include "format/times.h"
#include "os/file.h"
#include "tether/error.h"

/* The file's name in a bundle. */
#define TETHER__TIMES_FILE "times"

typedef struct tether__times {
    tether__point *items;
    size_t count;
} tether__times;

/* Reads all points of a task. None is no failure: most tasks write at once, or are supervised by a
 * script; and neither is a file that no monitor has written. The caller disposes of it. Any thread.
 */
int tether__times_read(tether__dir *bundle, tether__times *times, tether_error *error);
void tether__times_dispose(tether__times *times);

#endif
