/* Which shell runs a command. Pure: the look-ups are injected, so that every platform's rules are
 * tested on each. */
#ifndef TETHER_SHELL_H
#define TETHER_SHELL_H

#include "shell/candidates.h"
#include "shell/family.h"
#include "tether/error.h"

typedef struct tether__shell {
    char *path; /* absolute; freed by tether__shell_dispose */
    tether__shell_family family;
} tether__shell;

/* Resolves the user's shell. A choice is final. Without one (NULL) the candidates are tried in
 * order: one that is not found, or is not there when it is tried, leaves its place to the next; any
 * other failure of a try is returned at once. TETHER_ENOSHELL names all that were tried, and the
 * last reason. */
int tether__shell_resolve(const char *choice, tether__shell_candidates candidates,
                          const tether__shell_lookups *lookups, tether__shell *shell,
                          tether_error *error);

void tether__shell_dispose(tether__shell *shell);

#endif
