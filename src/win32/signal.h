/* The signals that have a meaning on Windows. */
#ifndef TETHER_WIN32_SIGNAL_H
#define TETHER_WIN32_SIGNAL_H

enum {
    TETHER__WIN32_INT = 2,   /* sends a console break, as TERM and BREAK do */
    TETHER__WIN32_KILL = 9,  /* terminates the command */
    TETHER__WIN32_TERM = 15, /* the first signal of a kill */
    TETHER__WIN32_BREAK = 21
};

/* The exit code of a terminated process: the one that a POSIX shell reports for SIGKILL. */
enum { TETHER__WIN32_KILLED_CODE = 128 + TETHER__WIN32_KILL };

#endif
