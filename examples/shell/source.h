/* Where commands come from: a text, a file, standard input, the keyboard. */
#ifndef SHELL_SOURCE_H
#define SHELL_SOURCE_H

#include "shell.h"

/* Runs a text: of -c, of a file, of a job. `job`: its last command may take the place of the
 * shell. */
void source_text(struct shell *sh, const char *text, bool job);
/* Reads a file; NULL after a message. The caller frees it. */
char *source_file(const char *path);
/* Runs what is read from standard input, or typed, line by line, up to its end. */
void source_lines(struct shell *sh);

#endif
