/* Resolves the shell that runs a command. Pure: the look-ups are injected, so that every platform
 * tests the rules of all of them. */
#ifndef TETHER_SHELL_H
#define TETHER_SHELL_H

#include "shell/candidates.h"
#include "shell/family.h"
#include "tether/error.h"

/* How many arguments of its own a shell can have at most. */
#define TETHER__SHELL_ARGUMENTS_MAX 16

typedef struct tether__shell {
    char *path; /* absolute; owned */
    tether__shell_family family;
    const char *login;            /* the option of a login shell; NULL: no login shell. Static */
    const char *const *arguments; /* NULL-terminated, before the command's file; NULL: none.
                                     Borrowed */
} tether__shell;

/* Resolves the user's shell. If choice is not NULL, tries only that shell. Otherwise tries the
 * candidates in order, and skips those that are not found or turn out not to exist when they are
 * started; any other failure of a start is returned at once. The message of TETHER_ENOSHELL names
 * all candidates that were tried and the last reason. Free *shell with tether__shell_dispose. */
int tether__shell_resolve(const char *choice, tether__shell_candidates candidates,
                          const tether__shell_lookups *lookups, tether__shell *shell,
                          tether_error *error);

void tether__shell_dispose(tether__shell *shell);

#endif
