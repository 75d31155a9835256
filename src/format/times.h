/* The file `times` of a bundle: when the outputs had which sizes. The monitor that reads the
 * outputs from pipes writes it, a line for each point; docs/format.md defines the text. Pure; any
 * thread. */
#ifndef TETHER_TIMES_H
#define TETHER_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most that a monitor writes, twice: a file that is larger was not written by one. */
#define TETHER__TIMES_LIMIT (2 * 1024 * 1024)

#define TETHER__TIMES_LINE_SIZE 72

/* At this time, what was written to standard output and standard error had these sizes. What came
 * since the point before it was written in the order of the streams. */
typedef struct tether__point {
    int64_t time_ms; /* Unix time, by the wall clock: it may go back */
    uint64_t size[2];
} tether__point;

/* Stores the line of a point, and returns its length. */
size_t tether__times_render(const tether__point *point, char line[TETHER__TIMES_LINE_SIZE]);

/* Reads the next line that is whole and whose sizes are not smaller than those of *point, which it
 * replaces. Skips others. *text moves behind it. False: there is none before `end`. */
bool tether__times_next(const char **text, const char *end, tether__point *point);

#endif
