/* Processes at the terminal: the commands in the foreground, and those that were stopped there. */
#ifndef SHELL_PROCESS_H
#define SHELL_PROCESS_H

#include "jobs.h"

/* Forks. Returns 0 in the child, which is set up as a part of the job, and -1 after a message. With
 * job control the first process of the job makes its group. */
pid_t process_fork(struct shell *sh, struct job *job, bool foreground);

/* In a copy of the shell: it has no jobs, no prompts, and none of its parent's store. */
void process_become_child(struct shell *sh);

/* Waits in the foreground until all processes of the job have ended, or it was stopped. */
void process_wait(struct shell *sh, struct job *job);

/* Looks, without waiting. */
void process_poll(struct job *job);

/* Goes on after a stop. */
void process_continue(struct shell *sh, struct job *job, bool foreground);

/* Stores the status of each process in PIPESTATUS. */
void process_statuses(struct shell *sh, const struct job *job);

#endif
