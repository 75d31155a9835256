/* A start in the making: everything that the steps of tether_spawn hand on to each other. */
#ifndef TETHER_SPAWN_PLAN_H
#define TETHER_SPAWN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/core.h"
#include "format/record.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/lifeline.h"
#include "shell/environment.h"
#include "shell/outer.h"
#include "shell/shell.h"
#include "tether/task.h"

typedef struct tether__spawn_plan {
    tether_spec spec; /* as this version knows it; the pointers are the caller's */
    size_t command_size;
    int64_t timeout_ms; /* 0: none */

    /* Resolved. */
    char id[TETHER_ID_SIZE];
    char cookie[TETHER_ID_SIZE + 32]; /* TETHER_TASK_ID=id: the environment points to it */
    char boot_id[TETHER__BOOT_ID_SIZE];
    char **host_environment; /* where the spec gives none: `environment` points into it */
    tether__environment environment;
    char *workdir;
    char *project_root;
    tether__shell shell;             /* the user's; path NULL for an argument vector */
    char *program;                   /* argv[0] where there is one */
    const tether__outer_rule *outer; /* the shell that runs the wrapper */
    char *outer_path;

    /* Made. */
    tether__lifeline lifeline;
    tether__dir *bundle;
    char *command_shown;
    char *pipestatus; /* the file for the codes of the last pipeline; NULL: none */
    char *entries[3]; /* of the environment: what the wrapper is told by it; NULL: nothing */
    bool again;       /* another outer shell was tried before */
    bool visible;     /* others can see the record */
    bool counted;     /* as a start, see quota.h */
    tether__record record;
    tether__file_stamp stamp;
} tether__spawn_plan;

/* Finds a program where the task would: in its own PATH and working directory. userdata is the
 * plan.
 */
int tether__spawn_plan_find(const char *name, char **found, void *userdata, tether_error *error);

/* Frees all that the plan owns, and closes what it holds. */
void tether__spawn_plan_dispose(tether__spawn_plan *plan);

#endif
