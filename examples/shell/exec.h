/* Runs commands. */
#ifndef SHELL_EXEC_H
#define SHELL_EXEC_H

#include "shell.h"
#include "tree.h"

/* Runs a parsed command, and stores its status in sh->status. `last`: nothing follows, so that a
 * program may take the place of the shell. */
void exec_tree(struct shell *sh, const struct node *tree, bool last);

/* Runs the commands of a text. Returns false after a syntax error and its message. */
bool exec_text(struct shell *sh, const char *text);

/* Runs a text in a subshell. Returns what it has written to standard output, without newlines at
 * the end; the caller frees it. */
char *exec_capture(struct shell *sh, const char *text);

/* Replaces this process; returns only the status of a failure, after a message. */
int exec_program(struct shell *sh, char **words, const struct list *assignments);

#endif
