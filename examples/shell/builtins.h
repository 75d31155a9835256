/* The commands that the shell runs itself. */
#ifndef SHELL_BUILTINS_H
#define SHELL_BUILTINS_H

#include "shell.h"

/* words: the name and the arguments. Returns the status. */
typedef int builtin_fn(struct shell *sh, const struct list *words);

/* NULL: it is none. */
builtin_fn *builtin_find(const char *name);

#endif
