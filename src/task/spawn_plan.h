/* The plan of a start: everything that the steps of tether_spawn pass on to each other. */
#ifndef TETHER_SPAWN_PLAN_H
#define TETHER_SPAWN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "engine/core.h"
#include "format/record.h"
#include "os/anchor.h"
#include "os/bond.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/lifeline.h"
#include "shell/environment.h"
#include "shell/outer.h"
#include "shell/policy.h"
#include "shell/shell.h"
#include "shell/wrapper.h"
#include "store/wrappers.h"
#include "task/facts.h"
#include "tether/task.h"

typedef struct tether__spawn_plan {
    tether_registry *registry;
    tether_spec spec; /* as this version knows it; the pointers are the caller's */
    size_t command_size;
    int64_t timeout_ms; /* 0: none */

    /* Resolved before anything is created. */
    char id[TETHER_ID_SIZE];
    char cookie[TETHER_ID_SIZE + 32]; /* TETHER_TASK_ID=id; the environment points to it */
    tether__facts facts;
    char **host_environment; /* NULL if the spec has an environment; else `environment` points into
                                it */
    tether__environment environment;
    char *workdir;
    char *project_root;
    tether__shell_policy policy;     /* what this machine forbids to shells */
    tether__shell shell;             /* runs the command; path NULL for an argument vector */
    char *late_input;                /* standard input that the supervisor opens; NULL: none */
    char *program;                   /* argv[0], resolved; NULL for a command */
    bool monitor_sought;             /* it is known whether there is a monitor */
    char *monitor;                   /* until it is chosen; NULL: there is none */
    const tether__outer_rule *outer; /* of the shell that runs the wrapper */
    char *outer_path;

    /* Created. */
    const tether__bond *bond; /* the registry's, for a task that ends with it; NULL: it does not */
    tether__anchor anchor;    /* what the task is to run beside; all-zero: nothing */
    tether__lifeline lifeline;
    tether__dir *bundle;
    char *scope; /* the path of the task's cgroup; NULL: none */
    char *command_shown;
    char *pipestatus;              /* file for the exit codes of the last pipeline; NULL: none */
    tether__known_wrapper wrapper; /* the shared script; empty: it is in the bundle */
    char identity[TETHER__WRAPPER_IDENTITY_SIZE];
    tether__text orders;            /* for a monitor; empty: a shell runs a wrapper */
    const char **wrapper_arguments; /* NULL: none; points into the plan and the caller's spec */
    char *command_file;
    char *preload;    /* the variable of --line-buffered that names a library; NULL: not set */
    char *entries[3]; /* variables that the wrapper reads; NULL: not set */
    bool retrying;    /* another outer shell was tried before */
    bool visible;     /* other hosts can see the record */
    bool key_taken;   /* since it was looked for, another host has begun to start a task with it */
    tether__record record;
    tether__file_stamp stamp;
} tether__spawn_plan;

/* Finds a program where the task would: in the PATH of its environment and in its working
 * directory. userdata is the plan. */
int tether__spawn_plan_find(const char *name, char **found, void *userdata, tether_error *error);

/* Whether the command writes into pipes of its monitor. Its supervisor is chosen. */
bool tether__spawn_plan_pipes(const tether__spawn_plan *plan);

/* The output limit as records and orders have it. */
int64_t tether__spawn_plan_limit(const tether__spawn_plan *plan);

/* Frees what the plan owns and closes its handles. */
void tether__spawn_plan_dispose(tether__spawn_plan *plan);

#endif
