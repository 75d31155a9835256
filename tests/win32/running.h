/* What the contract tests of Windows set up: supervisors that the library starts, their identities
 * and lifelines, and directories in a place. */
#ifndef TETHER_TEST_RUNNING_H
#define TETHER_TEST_RUNNING_H

#include <stdbool.h>
#include <windows.h>

#include "os/lifeline.h"
#include "os/place.h"
#include "os/process.h"
#include "os/spawn.h"

/* A start of a supervisor. Tests may change `start` between the two calls below. */
typedef struct supervisor {
    tether__start start;
    tether__lifeline lifeline;
    char task_id[64];
    char names[3][32]; /* of the lifeline and the outputs, in the place */
    const char *argv[16];
    const char *envp[8]; /* tests add theirs from index 1 on */
} supervisor;

/* Makes a task id that no other task of the machine has: jobs are visible to all of it. */
void supervisor_make_id(char id[64]);

/* Prepares to start CHILD in a place, with a new task id. Creates the lifeline there: "lifeline",
 * "out" and "err", each with the suffix behind it, are its files. */
void supervisor_prepare(place *p, supervisor *s, const char *suffix);

/* Starts it with these arguments, NULL-terminated, and closes our handle to the lifeline. Returns
 * the handle of the process, which may wait, query and terminate. */
HANDLE supervisor_start(place *p, supervisor *s, const char *const *verbs);

/* Returns the identity of a process through its handle. */
tether__identity identity_of(HANDLE process);

/* Whether any process holds the lifeline of this name in a place. */
bool lifeline_is_held(const place *p, const char *name);

/* Creates a directory in a place. */
void make_directory(place *p, const char *name);

#endif
