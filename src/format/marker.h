/* The exit marker: the lines that a supervisor appends to its lifeline. docs/format.md defines
 * them. Pure; any thread. */
#ifndef TETHER_MARKER_H
#define TETHER_MARKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/identity.h"

/* The largest valid marker in bytes. A longer file is damaged, and is not read as a whole. */
#define TETHER__MARKER_LIMIT 512

/* Size of a buffer for a list of exit codes, with its NUL. */
#define TETHER__PIPESTATUS_SIZE 256

typedef enum tether__end {
    TETHER__END_NONE,     /* the marker reports no end */
    TETHER__END_EXIT,     /* `exit CODE` */
    TETHER__END_SIGNAL,   /* `signal NUMBER` */
    TETHER__END_TIMED_OUT /* `timed_out`: the supervisor enforced the deadline itself */
} tether__end;

/* The `error=` of an `exit` line: why the supervisor could not run the command. */
typedef enum tether__start_failure {
    TETHER__START_OK,      /* none: the code is the command's own */
    TETHER__START_FORK,    /* `fork`: no process could be started for the command */
    TETHER__START_PROGRAM, /* `start`: the program could not be started */
    TETHER__START_WORKDIR, /* `workdir`: the working directory could not be entered */
    TETHER__START_OTHER    /* a word of a later version */
} tether__start_failure;

typedef struct tether__marker {
    bool present;              /* the file exists */
    bool damaged;              /* no supervisor has written this: a wrong line, or too many bytes;
                                  or the file cannot be read */
    bool unfinished;           /* the last line has no newline: being written, or cut off */
    tether__identity identity; /* the supervisor's; pid 0: not reported yet */
    tether__end end;
    int64_t value;                            /* the exit code (0 to 2^32 - 1) or the signal */
    tether__start_failure failure;            /* why the command did not run */
    int64_t uptime_ms;                        /* the machine's uptime at the end; -1: not
                                                 reported */
    char pipestatus[TETHER__PIPESTATUS_SIZE]; /* the exit codes of the last pipeline, such as "1,0";
                                                 empty: not reported */
    int64_t modified_at; /* the file's modification time in Unix milliseconds; 0: not known */
} tether__marker;

/* Size of a buffer for any line that the two functions below write, with its NUL. */
#define TETHER__MARKER_LINE_SIZE 256

/* Write the lines of a supervisor that is this library itself, and return the size of the line with
 * its newline. A negative uptime_ms means that it is not known. */
size_t tether__marker_format_supervisor(const tether__identity *identity,
                                        char line[TETHER__MARKER_LINE_SIZE]);
size_t tether__marker_format_end(tether__end end, int value, int64_t uptime_ms,
                                 char line[TETHER__MARKER_LINE_SIZE]);

/* Parses the text of a marker. Stops at the first line that reports an end. Sets modified_at to 0.
 */
void tether__marker_parse(const char *text, size_t size, tether__marker *marker);

#endif
