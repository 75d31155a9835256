/* The system's process table, for the other files of this folder: /proc on Linux, sysctl on macOS
 * and the BSDs. */
#ifndef TETHER_PROC_H
#define TETHER_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/identity.h"
#include "format/left.h"
#include "posix/error.h"

typedef struct tether__proc {
    char state; /* as in Linux's /proc/PID/stat: 'Z' and 'X' have ended, 'T' is stopped */
    int64_t parent;
    int64_t group;
    int64_t session;
    uint64_t start_time; /* in units of the system, unaffected by later changes of the clock; 0:
                            unknown, as on some systems for a zombie */
    bool kernel;         /* a kernel thread */
    bool exiting;        /* it runs no code of its own any more, and its environment is gone */
    uint64_t caught;     /* bit N - 1 is set if it has a handler for signal N, at least up to 31 */
} tether__proc;

/* Reads one process. A process whose first thread has exited while others run is none that has
 * ended. Returns 0 or errno. When there is no such process, the implementations return
 * ESRCH; that of Linux may also return ENOENT. process_sysctl.c takes only ESRCH, and
 * process_linux.c both, as the proof that the process has exited. ENOSYS: the process table cannot
 * be read at all (proc_none.c). */
int tether__proc_read(int64_t pid, tether__proc *process);

static inline bool tether__proc_ended(const tether__proc *process)
{
    return process->state == 'Z' || process->state == 'X' || process->state == 'x';
}

/* Stores what the process calls itself, as it is; returns its size, 0 if it is not known. */
size_t tether__proc_name(int64_t pid, char name[TETHER__PROCESS_NAME_SIZE]);

/* Stores the real user id of a process, by which the system decides who may signal it. Returns 0 or
 * errno. */
int tether__proc_user(int64_t pid, int64_t *user);

/* Stores whether this user or root has chosen the environment of the process: the process belongs
 * to one of the two, and is no program of root's that another user has started (a setuid program
 * gets its caller's environment). Returns 0 or errno. */
int tether__proc_environment_is_from(int64_t pid, int64_t user, bool *is_from);

/* Stores whether the environment that was found empty is really empty, and the process is not in
 * the middle of an exec or an exit. False where the system does not show that. Returns 0 or the
 * errno of a shortage (tether__posix_is_shortage). */
int tether__proc_environment_is_empty(int64_t pid, bool *is_empty);

/* Calls visit for every visible process, until it returns false. Returns 0 or errno. */
int tether__proc_list(bool (*visit)(int64_t pid, void *userdata), void *userdata);

/* Returns whether a process that starts later never has an earlier start time. */
bool tether__proc_in_order(void);

/* Returns a start time as an uptime in milliseconds, rounded down to the unit of the system; -1
 * where start times do not count from the boot. */
int64_t tether__proc_start_ms(uint64_t start_time);

/* Stores whether two processes have the same arguments: one of them may then be a forked copy of
 * the other that has not executed a program yet. False also if one of them has none, or hides them.
 * Returns 0 or the errno of a shortage. */
int tether__proc_same_arguments(int64_t pid, int64_t other, bool *same);

/* Stores whether the table belongs to this process's own pid namespace. In a container or sandbox
 * that has not mounted its own /proc, the pids in the table denote other processes, and nothing can
 * be concluded from them. Returns 0 or the errno of a shortage. */
int tether__proc_check_own(bool *own);

/* The same for callers to which "no" means that nothing is known. */
static inline bool tether__proc_is_own(void)
{
    bool own;
    return tether__proc_check_own(&own) == 0 && own;
}

/* Stores the number of this process's pid namespace as a text, which is empty where there is none.
 * Returns 0 or the errno of a shortage. */
int tether__proc_pid_ns(char pid_ns[TETHER__PID_NS_SIZE]);

/* On Linux: the same for the namespace that a link of /proc names. */
int tether__proc_read_pid_ns(const char *path, char pid_ns[TETHER__PID_NS_SIZE]);

typedef enum tether__proc_variable {
    TETHER__VARIABLE_ABSENT, /* or the environment is not readable */
    TETHER__VARIABLE_PRESENT,
    TETHER__VARIABLE_UNKNOWN, /* no environment: in the middle of an exec or an exit */
    TETHER__VARIABLE_FAILED   /* nothing was learnt, for a shortage: errno has which */
} tether__proc_variable;

/* Returns whether the process's environment, of any size, has exactly this "NAME=value". */
tether__proc_variable tether__proc_find_variable(int64_t pid, const char *entry);

/* Calls take with the value of each entry that begins with `prefix`, such as "NAME=", until take
 * returns false. Skips values of `capacity` bytes and more. */
tether__proc_variable tether__proc_each_value(int64_t pid, const char *prefix, size_t capacity,
                                              bool (*take)(const char *value, void *userdata),
                                              void *userdata);

static inline bool tether__proc_has_variable(int64_t pid, const char *entry)
{
    return tether__proc_find_variable(pid, entry) == TETHER__VARIABLE_PRESENT;
}

#endif
