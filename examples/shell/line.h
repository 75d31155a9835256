/* Reading a typed line. line_edit.c has a library for it, line_plain.c is for a build without. */
#ifndef SHELL_LINE_H
#define SHELL_LINE_H

/* Shows the prompt and reads a line, without its newline. NULL at the end of the input, or if
 * Ctrl-C was pressed. The caller frees it. */
char *line_read(const char *prompt);

/* Ends the use of the library. */
void line_end(void);

#endif
