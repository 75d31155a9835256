/* The outer shell: the one that runs the wrapper, so that the exit marker never depends on the
 * user's shell. Pure; any thread. */
#ifndef TETHER_OUTER_H
#define TETHER_OUTER_H

#include <stdbool.h>
#include <stddef.h>

typedef enum tether__outer_kind {
    TETHER__OUTER_NONE, /* ends a list of rules */
    TETHER__OUTER_SH,
    TETHER__OUTER_BASH, /* the same wrapper; passes on variables whose names sh cannot spell */
    TETHER__OUTER_CMD,  /* wrapper.bat */
    TETHER__OUTER_POWERSHELL, /* wrapper.ps1 */
    TETHER__OUTER_GIT_SH      /* sh on Windows, which finds its lifeline by name */
} tether__outer_kind;

/* One way to run a wrapper. Rules are tried in order. */
typedef struct tether__outer_rule {
    tether__outer_kind kind;
    const char *name;
    bool in_task_path; /* looked for where the task looks for programs, else in the system's own
                          folders, whatever the host's PATH says */
} tether__outer_rule;

extern const tether__outer_rule tether__outers_posix[];
extern const tether__outer_rule tether__outers_win32[];

/* Whether it serves a task: bash only where the environment needs it. */
bool tether__outer_serves(const tether__outer_rule *rule, bool portable_environment);

/* The wrapper's name in the bundle. */
const char *tether__outer_file(tether__outer_kind kind);

/* Whether it is started in the bundle, as all shells on Windows are: no path of the store is then
 * in what cmd reads. */
bool tether__outer_in_bundle(tether__outer_kind kind);

/* The arguments, argv[0] first, with which it runs the wrapper that has this path: at most
 * TETHER__OUTER_ARGV_ROOM, the last of them NULL. */
#define TETHER__OUTER_ARGV_ROOM 10
void tether__outer_argv(const tether__outer_rule *rule, const char *wrapper,
                        const char *argv[TETHER__OUTER_ARGV_ROOM]);

#endif
