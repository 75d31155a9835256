/* The outer shell: the shell that runs the wrapper, or the monitor in its place. The exit marker
 * never depends on the user's shell. Pure; any thread. */
#ifndef TETHER_OUTER_H
#define TETHER_OUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "tether/task.h"

typedef enum tether__outer_kind {
    TETHER__OUTER_NONE,    /* ends a list of rules */
    TETHER__OUTER_MONITOR, /* no shell: the program tether-monitor, which needs no wrapper */
    TETHER__OUTER_SH,
    TETHER__OUTER_BASH, /* runs the same wrapper as SH; passes on variables that sh would drop */
    TETHER__OUTER_CMD,  /* runs wrapper.bat */
    TETHER__OUTER_POWERSHELL, /* runs wrapper.ps1 */
    TETHER__OUTER_GIT_SH      /* sh on Windows, which opens its lifeline by name */
} tether__outer_kind;

/* One way to run a wrapper. Rules are tried in order. */
typedef struct tether__outer_rule {
    tether__outer_kind kind;
    const char *name;
    bool in_task_path; /* search in the PATH of the task; false: only in the system's folders, so
                          that the host's PATH does not matter */
} tether__outer_rule;

extern const tether__outer_rule tether__outers_posix[];
extern const tether__outer_rule tether__outers_win32[];

/* Returns whether a rule applies to a task with this choice of a supervisor. The rule for bash
 * applies only if the environment is not portable (see tether__environment_portable). */
bool tether__outer_serves(const tether__outer_rule *rule, tether_supervisor choice,
                          bool portable_environment);

/* Returns the name of the wrapper's file in the bundle. Static. */
const char *tether__outer_file(tether__outer_kind kind);

/* Returns whether the wrapper's file is in the bundle, and the shell is started there. It is for
 * all shells on Windows, so that cmd never parses a path of the store. */
bool tether__outer_in_bundle(tether__outer_kind kind);

/* Fills argv with the arguments, argv[0] first, with which the shell runs the wrapper at this path:
 * at most TETHER__OUTER_ARGV_CAPACITY entries, the last of them NULL. Does not copy strings. */
#define TETHER__OUTER_ARGV_CAPACITY 10
void tether__outer_argv(const tether__outer_rule *rule, const char *wrapper,
                        const char *argv[TETHER__OUTER_ARGV_CAPACITY]);

#endif
