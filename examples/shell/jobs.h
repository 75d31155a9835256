/* The table of jobs. */
#ifndef SHELL_JOBS_H
#define SHELL_JOBS_H

#include "shell.h"

enum job_state { JOB_RUNNING, JOB_STOPPED, JOB_DONE };

/* A task, or processes at the terminal. */
struct job {
    int number;   /* 0: not in the table */
    long pid;     /* $!: of a task its supervisor */
    char *text;   /* the command, or what is left of it after 64 KiB */
    char *reason; /* more about the end; NULL: nothing to add */
    enum job_state state;
    int status;     /* once it is done */
    bool own;       /* started by this shell */
    bool inherited; /* of the shell of which this one is a copy: to list and to kill only */

    bool task;
    char id[TETHER_ID_SIZE];
    tether_follower *follower; /* NULL: not open */
    bool shown;                /* its whole output was written to this shell's */

    pid_t group; /* of processes; 0: that of the shell */
    struct process *processes;
    size_t process_count;
    struct termios modes; /* that it had when it was stopped */

    struct job *next;
};

struct job *job_new(const char *text);
void job_free(struct job *job);

/* Gives it the next number, and takes it. */
void jobs_add(struct shell *sh, struct job *job);
/* Takes it out of the table, remembers its status for `wait`, and frees it. */
void jobs_remove(struct shell *sh, struct job *job);
/* Makes it %+. */
void jobs_select(struct shell *sh, const struct job *job);
/* In a copy of the shell: the jobs are inherited. */
void jobs_inherit(struct shell *sh);
/* Takes inherited jobs out of the table: the copy has jobs of its own. */
void jobs_drop_inherited(struct shell *sh);
/* Whether there are jobs that are not inherited. */
bool jobs_any(const struct shell *sh);
/* Frees the table; nothing happens to what runs. */
void jobs_clear(struct shell *sh);

/* Finds a job by %1, %+, %-, %%, %text, %?text, or the number of a process. NULL: there is none. */
struct job *jobs_find(struct shell *sh, const char *word);
/* The status of a job that has left the table, by its pid. Returns false if there is none. */
bool jobs_recall(const struct shell *sh, const char *word, int *status);

enum job_form { JOB_SHORT, JOB_LONG, JOB_PID };
void job_print(struct shell *sh, const struct job *job, enum job_form form);

#endif
