/* Background jobs as tasks of the library. All calls of the library stand in tasks.c. */
#ifndef SHELL_TASKS_H
#define SHELL_TASKS_H

#include "jobs.h"

/* Opens the session, if it is not open, and adds the jobs of earlier shells to the table, if this
 * shell adopts them. Returns false after a message. */
bool tasks_open(struct shell *sh);
/* Closes it. Jobs go on. What has ended and was shown is not told to the next shell. */
void tasks_close(struct shell *sh);
/* In a forked child: the session is its parent's. */
void tasks_abandon(struct shell *sh);

/* Starts a job with the text of a command, and puts it into the table. NULL after a message. */
struct job *tasks_start(struct shell *sh, const char *text);
/* The state with which a job begins; see tasks.c. Executes it. */
void tasks_take_state(struct shell *sh);

/* Brings the states of all tasks in the table up to date. */
void tasks_refresh(struct shell *sh);
/* Whether a task has ended since the last call, without a look at each. */
bool tasks_ended(struct shell *sh);
/* Waits until something may have changed since tasks_refresh, a key is pressed, or the time is over
 * (-1: none). It does not dispatch: what a dispatch between the refresh and the wait has noticed
 * would wake nobody. */
void tasks_turn(struct shell *sh, long timeout_ms);

/* Writes to this shell's output what the job has written and was not shown yet. */
void tasks_show(struct shell *sh, struct job *job);
/* Its end was told: no other shell has to. */
void tasks_acknowledge(struct shell *sh, const struct job *job);
/* Sends a signal, as kill(2) would. Returns the status of `kill`. */
int tasks_signal(struct shell *sh, const struct job *job, int signal);

#endif
