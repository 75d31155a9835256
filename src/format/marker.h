/* The exit marker: the lines that a supervisor appends to its lifeline. Pure; any thread.
 * docs/format.md defines them. */
#ifndef TETHER_MARKER_H
#define TETHER_MARKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/identity.h"

/* More bytes than any supervisor writes: what is longer is damaged, and is never read whole. */
#define TETHER__MARKER_LIMIT 512

/* Room for a list of exit codes. */
#define TETHER__PIPESTATUS_SIZE 256

typedef enum tether__end {
    TETHER__END_NONE,     /* nothing is said of an end */
    TETHER__END_EXIT,     /* `exit CODE` */
    TETHER__END_SIGNAL,   /* `signal NUMBER` */
    TETHER__END_TIMED_OUT /* `timed_out`: a supervisor kept the deadline itself */
} tether__end;

typedef struct tether__marker {
    bool present;              /* there is a file */
    bool damaged;              /* it says something that no supervisor writes */
    bool unfinished;           /* its last line has no newline: being written, or cut off */
    tether__identity identity; /* the supervisor; pid 0: it has not said */
    tether__end end;
    int64_t value;                            /* the code (0 to 2^32 - 1) or signal */
    int64_t uptime_ms;                        /* when it ended, by the uptime clock; -1: not said */
    char pipestatus[TETHER__PIPESTATUS_SIZE]; /* the codes of the last pipeline, "1,0"; empty: not
                                                 said */
    int64_t modified_at; /* the file's time of writing, Unix milliseconds; 0: not known */
} tether__marker;

/* Room for any line that the two below write. */
#define TETHER__MARKER_LINE_SIZE 256

/* The lines of a supervisor that is this library itself. uptime_ms below 0: not known. They return
 * the line's size, its newline included. */
size_t tether__marker_format_supervisor(const tether__identity *identity,
                                        char line[TETHER__MARKER_LINE_SIZE]);
size_t tether__marker_format_end(tether__end end, int value, int64_t uptime_ms,
                                 char line[TETHER__MARKER_LINE_SIZE]);

/* Reads a marker's text. The first end counts; nothing after it is looked at. */
void tether__marker_parse(const char *text, size_t size, tether__marker *marker);

#endif
