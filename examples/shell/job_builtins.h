/* What a user does with jobs. */
#ifndef SHELL_JOB_BUILTINS_H
#define SHELL_JOB_BUILTINS_H

#include "jobs.h"

int builtin_jobs(struct shell *sh, const struct list *words);
int builtin_wait(struct shell *sh, const struct list *words);
int builtin_fg(struct shell *sh, const struct list *words);
int builtin_bg(struct shell *sh, const struct list *words);
int builtin_kill(struct shell *sh, const struct list *words);
int builtin_output(struct shell *sh, const struct list *words);

/* Follows a job until it has ended, or Ctrl-Z leaves it in the background. Returns the status. */
int jobs_foreground(struct shell *sh, struct job *job);

/* Shows the output of own jobs that have ended, without waiting. */
void jobs_show_ended(struct shell *sh);
/* The same, with their lines, before a prompt; they leave the table. */
void jobs_tell(struct shell *sh);

bool jobs_any_stopped(const struct shell *sh);

#endif
