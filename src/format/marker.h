/* The exit marker: the lines that a supervisor appends to its lifeline. docs/format.md defines
 * them. Pure; any thread. */
#ifndef TETHER_MARKER_H
#define TETHER_MARKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/identity.h"
#include "format/left.h"

/* The largest valid marker in bytes. A longer file is damaged, and is not read as a whole. */
#define TETHER__MARKER_LIMIT 1024

/* Size of a buffer for a list of exit codes, with its NUL. */
#define TETHER__PIPESTATUS_SIZE 256

typedef enum tether__end {
    TETHER__END_NONE,      /* the marker reports no end */
    TETHER__END_EXIT,      /* `exit CODE` */
    TETHER__END_SIGNAL,    /* `signal NUMBER` */
    TETHER__END_TIMED_OUT, /* `timed_out`: the supervisor enforced the deadline itself */
    TETHER__END_KILLED     /* `killed SIGNAL`: the supervisor ended the task for another reason */
} tether__end;

/* The `error=` of an `exit` line: why the supervisor could not run the command. */
typedef enum tether__start_failure {
    TETHER__START_OK,      /* none: the code is the command's own */
    TETHER__START_FORK,    /* `fork`: no process could be started for the command */
    TETHER__START_PROGRAM, /* `start`: the program could not be started */
    TETHER__START_WORKDIR, /* `workdir`: the working directory could not be entered */
    TETHER__START_INPUT,   /* `input`: standard input could not be opened */
    TETHER__START_OUTPUT,  /* `output`: the pipes of its outputs could not be made */
    TETHER__START_SCOPE,   /* `scope`: the cgroup could not be entered */
    TETHER__START_ORDERS,  /* `orders`: the monitor could not read its orders, or refused them */
    TETHER__START_OTHER    /* a word of a later version */
} tether__start_failure;

/* What became of the command that a monitor runs at the end of its task. */
typedef enum tether__afterwards {
    TETHER__AFTERWARDS_UNTOLD,    /* no line: there is none, it runs, or the monitor died before */
    TETHER__AFTERWARDS_EXIT,      /* `on-end exit CODE` */
    TETHER__AFTERWARDS_SIGNAL,    /* `on-end signal NUMBER` */
    TETHER__AFTERWARDS_TIMED_OUT, /* `on-end timed_out`: the monitor ended it when its time was over
                                   */
    TETHER__AFTERWARDS_UNSTARTED  /* `on-end error=start`: it could not be started */
} tether__afterwards;

/* What the processes of a task have used, those that the supervisor could wait for. -1: not known.
 */
typedef struct tether__usage {
    int64_t user_ms; /* processor time */
    int64_t system_ms;
    int64_t peak_bytes; /* of memory, of the largest process */
    int64_t processes;  /* how many there were */
} tether__usage;

#define TETHER__NO_USAGE ((tether__usage){-1, -1, -1, -1})

/* How a command ended, as a monitor reports it. */
typedef struct tether__ending {
    tether__end end;
    int value;                                /* the exit code or the signal */
    bool core;                                /* the signal has left a core file */
    tether__start_failure failure;            /* why the command did not run */
    int64_t uptime_ms;                        /* -1: not known */
    char pipestatus[TETHER__PIPESTATUS_SIZE]; /* empty: not known */
    tether__usage usage;
    int64_t lost;          /* bytes of output that could not be written */
    int64_t out_of_memory; /* the limit for which the kernel has ended processes of the task; 0: it
                              has not */
    tether__left left;     /* what lives on. Those for which the line has no room are not named */
    bool alone;            /* no process is left below the monitor, and so none can be any more */
} tether__ending;

typedef struct tether__marker {
    bool present;              /* the file exists */
    bool damaged;              /* no supervisor has written this: a wrong line, or too many bytes;
                                  or the file cannot be read */
    bool unfinished;           /* the last line has no newline: being written, or cut off */
    tether__identity identity; /* the supervisor's; pid 0: not reported yet */
    tether__end end;
    bool deadline;     /* the supervisor has begun to end the task, because its deadline was over */
    bool over_limit;   /* the same, because an output exceeded its limit */
    bool host_ended;   /* the same, because the host to which the task is bound has ended */
    bool anchor_ended; /* the same, because what it was to run beside has ended */
    int64_t value;     /* the exit code (0 to 2^32 - 1) or the signal; 0 for TIMED_OUT */
    bool core;         /* the signal has left a core file */
    tether__start_failure failure;            /* why the command did not run */
    int64_t uptime_ms;                        /* the machine's uptime at the end; -1: not
                                                 reported */
    char pipestatus[TETHER__PIPESTATUS_SIZE]; /* the exit codes of the last pipeline, such as "1,0";
                                                 empty: not reported */
    tether__usage usage;
    int64_t lost; /* as in tether__ending */
    int64_t out_of_memory;
    tether__left left; /* likewise */
    bool alone;        /* likewise */
    tether__afterwards on_end;
    int64_t on_end_value; /* its exit code or signal */
    int64_t modified_at;  /* the file's modification time in Unix milliseconds; 0: not known */
} tether__marker;

/* The marker that is not there, or cannot be read: nothing is known. */
#define TETHER__NO_MARKER                                                                          \
    ((tether__marker){.uptime_ms = -1, .usage = TETHER__NO_USAGE, .left = TETHER__LEFT_UNKNOWN})

/* Size of a buffer for any line that the functions below write, with its NUL. */
#define TETHER__MARKER_LINE_SIZE 768

/* Write the lines of a supervisor that is this library itself, and return the size of the line with
 * its newline. A negative uptime_ms means that it is not known. */
size_t tether__marker_format_supervisor(const tether__identity *identity,
                                        char line[TETHER__MARKER_LINE_SIZE]);
size_t tether__marker_format_end(tether__end end, int value, int64_t uptime_ms,
                                 char line[TETHER__MARKER_LINE_SIZE]);

/* The same for the lines of a monitor: the announcements that it ends the task because the deadline
 * is over, an output exceeds its limit, or the task's host or anchor has ended; and the end. */
size_t tether__marker_format_deadline(int64_t uptime_ms, char line[TETHER__MARKER_LINE_SIZE]);
size_t tether__marker_format_over_limit(int64_t uptime_ms, char line[TETHER__MARKER_LINE_SIZE]);
size_t tether__marker_format_host_ended(int64_t uptime_ms, char line[TETHER__MARKER_LINE_SIZE]);
size_t tether__marker_format_anchor_ended(int64_t uptime_ms, char line[TETHER__MARKER_LINE_SIZE]);
size_t tether__marker_format_ending(const tether__ending *ending,
                                    char line[TETHER__MARKER_LINE_SIZE]);

/* The same for what a monitor adds after the end, once nothing is left of what was left then. */
size_t tether__marker_format_alone(char line[TETHER__MARKER_LINE_SIZE]);

/* The same for what has become of the command that a monitor runs at the end; not UNTOLD. */
size_t tether__marker_format_on_end(tether__afterwards what, int value,
                                    char line[TETHER__MARKER_LINE_SIZE]);

/* Stores the list of exit codes, such as "1,0", for a text such as "1 0". Empty if that is anything
 * else, or too long. */
void tether__marker_pipestatus(const char *text, char list[TETHER__PIPESTATUS_SIZE]);

/* Whether the marker reports an end that can be believed. Nobody takes that back. */
bool tether__marker_has_end(const tether__marker *marker);

/* Parses the text of a marker. Of what follows the first line that reports an end, only what a
 * monitor adds there counts. Sets modified_at to 0. */
void tether__marker_parse(const char *text, size_t size, tether__marker *marker);

#endif
