/* What the system tells of its processes, for the other files of this folder: /proc on Linux,
 * sysctl on macOS and the BSDs. */
#ifndef TETHER_PROC_H
#define TETHER_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tether__proc {
    char state; /* as in Linux's /proc/PID/stat: 'Z' and 'X' have ended, 'T' is stopped */
    int64_t group;
    int64_t session;
    uint64_t start_time; /* in units of the system, the same however the clock is set; 0: it does
                            not say, as some do for a zombie */
    bool kernel;         /* a thread of the kernel's own */
    bool exiting; /* on its way out: it runs no code of its own, and its environment is gone */
} tether__proc;

/* 0, or errno: ENOENT or ESRCH where there is no such process. */
int tether__proc_read(int64_t pid, tether__proc *process);

static inline bool tether__proc_ended(const tether__proc *process)
{
    return process->state == 'Z' || process->state == 'X' || process->state == 'x';
}

/* Calls visit for every process that is seen from here, until it returns false. 0 or errno. */
int tether__proc_list(bool (*visit)(int64_t pid, void *userdata), void *userdata);

/* Whether a process that comes later never has an earlier start time. */
bool tether__proc_in_order(void);

/* Whether what is told is about this process's own pid namespace: in a container or sandbox that
 * did not mount a /proc of its own, its numbers stand for other processes, and nothing may be
 * concluded from them. */
bool tether__proc_is_own(void);

typedef enum tether__proc_variable {
    TETHER__VARIABLE_ABSENT, /* or the environment may not be read */
    TETHER__VARIABLE_PRESENT,
    TETHER__VARIABLE_UNKNOWN /* there is no environment: in the middle of an exec or an exit */
} tether__proc_variable;

/* Whether the process's environment has exactly this "NAME=value". Of any size. */
tether__proc_variable tether__proc_find_variable(int64_t pid, const char *entry);

/* The values of all entries that begin like this, such as "NAME=", each without that. Values of
 * `room` bytes and more are passed over. take is called for one after the other, and ends it with
 * false. */
tether__proc_variable tether__proc_each_value(int64_t pid, const char *prefix, size_t room,
                                              bool (*take)(const char *value, void *userdata),
                                              void *userdata);

static inline bool tether__proc_has_variable(int64_t pid, const char *entry)
{
    return tether__proc_find_variable(pid, entry) == TETHER__VARIABLE_PRESENT;
}

#endif
