/* The signals that stand for something on Windows. */
#ifndef TETHER_WIN32_SIGNAL_H
#define TETHER_WIN32_SIGNAL_H

enum {
    TETHER__WIN32_INT = 2,   /* these three: a console break */
    TETHER__WIN32_KILL = 9,  /* the job is terminated */
    TETHER__WIN32_TERM = 15, /* what a kill sends first */
    TETHER__WIN32_BREAK = 21
};

/* What a terminated process ends with, as a shell elsewhere would say it. */
enum { TETHER__WIN32_KILLED_CODE = 128 + TETHER__WIN32_KILL };

#endif
