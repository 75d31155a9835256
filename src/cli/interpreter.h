/* The first line of a script that names its interpreter: "#!/usr/bin/env python3". Pure. */
#ifndef TETHER_CLI_INTERPRETER_H
#define TETHER_CLI_INTERPRETER_H

#include <stdbool.h>
#include <stddef.h>

/* As long as a kernel accepts. */
enum { INTERPRETER_LINE_MAX = 255 };

typedef struct interpreter {
    char path[INTERPRETER_LINE_MAX + 1];
    char argument[INTERPRETER_LINE_MAX + 1]; /* all after the path, as one; empty: none */
} interpreter;

/* Reads the interpreter that a text names as its first line. Returns false if it names none, or in
 * a line that is too long. */
bool interpreter_read(const char *text, size_t size, interpreter *found);

/* Where the path does not exist on this machine, such as /bin/sh on Windows: replaces it by its
 * last component, or for env by the program that its argument names, to be looked up in PATH. */
void interpreter_by_name(interpreter *found);

#endif
