/* The state of a shell. Each part is changed by the module of its name only. */
#ifndef SHELL_SHELL_H
#define SHELL_SHELL_H

#include <sys/types.h>
#include <termios.h>

#include "tether.h"
#include "vars.h"

struct job;

/* The jobs that this shell knows, the oldest first: see jobs.h. */
struct jobs {
    struct job *first;
    int current, previous;         /* numbers: %+ and %-; 0: none */
    struct remembered *remembered; /* jobs that have left the table */
    size_t remembered_count;
};

/* The session of the store in which the background jobs are: see tasks.h. */
struct tasks {
    tether_registry *registry; /* NULL: not open */
    int64_t next_ms;           /* after which the library wants to be dispatched; -1: none */
    bool ended;                /* an event has told of an end */
    char *session;
    bool adopts; /* the jobs of earlier shells are jobs of this one */
    char *self;  /* the path of this program */
};

/* The terminal, where there is job control: see terminal.h. */
struct terminal {
    int fd;
    pid_t group; /* of the shell */
    struct termios modes;
};

struct shell {
    struct vars vars;
    struct list arguments; /* $1, $2, ... */
    char *name;            /* $0 */
    long pid;              /* $$ */
    int status;            /* $? */
    char *last_job;        /* $!; empty: none */
    int *pipe_statuses;    /* PIPESTATUS */
    size_t pipe_count;
    bool interactive;  /* prompts, and tells of jobs */
    bool job_control;  /* each command is a process group, and one of them has the terminal */
    bool child;        /* a copy made by fork: a subshell, a part of a pipeline */
    bool ignores_keys; /* of a job without job control: SIGINT and SIGQUIT are ignored */
    bool task_mode;    /* `set -o task`: what is typed runs as tasks */
    bool exiting;
    bool warned; /* exit was refused once, because of stopped jobs */
    int loop_depth;
    int leaving; /* how many loops `break` or `continue` still has to leave */
    bool continuing;
    bool failed;        /* an expansion or a redirection has failed */
    int capture_status; /* of the last command substitution; -1: none */
    struct jobs jobs;
    struct tasks tasks;
    struct terminal terminal;
};

/* Prints "tether-shell: ..." to standard error. */
void complain(const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 1, 2)))
#endif
    ;

#endif
