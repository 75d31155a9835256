/* Which shell runs a command. Pure: the look-ups are injected, so that every platform's rules are
 * tested on each. */
#ifndef TETHER_SHELL_H
#define TETHER_SHELL_H

#include "tether/error.h"

typedef enum tether__shell_family {
    TETHER__SHELL_SH, /* sh, bash, zsh, ksh, ... */
    TETHER__SHELL_FISH,
    TETHER__SHELL_POWERSHELL,
    TETHER__SHELL_CMD
} tether__shell_family;

typedef struct tether__shell {
    char *path; /* absolute; freed by tether__shell_dispose */
    tether__shell_family family;
} tether__shell;

/* Finds a program by name or path; *found is freed with free(). As tether__os_find_program. */
typedef int (*tether__shell_find)(const char *name, char **found, void *userdata,
                                  tether_error *error);

/* The family of a shell, by its file name; "" and unknown names count as sh-like. */
tether__shell_family tether__shell_family_of(const char *path);

/* The variable in which a shell has the exit codes of its last pipeline; NULL where it has none, or
 * none that is known here. Static. */
const char *tether__shell_pipeline_variable(const char *path);

/* Resolves the user's shell. A choice is final; without one: bash_variable (the value of $BASH; may
 * be NULL), then the candidates in order; the error names all that were tried. */
int tether__shell_resolve(const char *choice, const char *bash_variable,
                          const char *const *candidates, tether__shell_find find, void *userdata,
                          tether__shell *shell, tether_error *error);

void tether__shell_dispose(tether__shell *shell);

#endif
