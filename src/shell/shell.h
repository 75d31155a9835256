/* Which shell runs a command. Pure: the look-ups are injected, so that every platform's rules are
 * tested on each. */
#ifndef TETHER_SHELL_H
#define TETHER_SHELL_H

#include <stdbool.h>

#include "shell/candidates.h"
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

/* The family of a shell, by its file name; "" and unknown names count as sh-like. */
tether__shell_family tether__shell_family_of(const char *path);

/* The variable in which a shell has the exit codes of its last pipeline; NULL where it has none, or
 * none that is known here. Static. */
const char *tether__shell_pipeline_variable(const char *path);

/* Whether a path or name is that of a shell of the Bourne family that is known here. */
bool tether__shell_is_posix(const char *path);

/* Resolves the user's shell. A choice is final. Without one (NULL) the candidates are tried in
 * order: one that is not found, or is not there when it is tried, leaves its place to the next; any
 * other failure of a try is returned at once. TETHER_ENOSHELL names all that were tried, and the
 * last reason. */
int tether__shell_resolve(const char *choice, tether__shell_candidates candidates,
                          const tether__shell_lookups *lookups, tether__shell *shell,
                          tether_error *error);

void tether__shell_dispose(tether__shell *shell);

#endif
