/* Parameters: positional, special, and variables. */
#ifndef SHELL_PARAM_H
#define SHELL_PARAM_H

#include "shell.h"

/* The size of the name that begins at `at`: in braces, where it may be of several digits or have an
 * index, and without. 0: there is none. */
size_t param_name_size(const char *at, const char *end);
size_t param_short_size(const char *at, const char *end);

/* The value; NULL if it is not set. The caller frees it. */
char *param_value(struct shell *sh, const char *name);

/* If the name stands for several values, as @ does, adds them. *as_one: in quotes they are one
 * field, as with *. */
bool param_elements(struct shell *sh, const char *name, struct list *elements, bool *as_one);

#endif
