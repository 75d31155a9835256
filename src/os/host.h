/* Seam: what the host's process and machine offer: environment, programs, limits, the user's
 * folders. */
#ifndef TETHER_OS_HOST_H
#define TETHER_OS_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/outer.h"
#include "shell/candidates.h"
#include "tether/error.h"

/* A copy of the process's own environment, NULL-terminated, for tether__os_environ_free(). NULL on
 * failure. Without the entries that no program sets or reads, such as "=C:" on Windows. */
int tether__os_environ(char ***entries, tether_error *error);

/* NULL is allowed. */
void tether__os_environ_free(char **entries);

/* Whether two names mean one variable here: Windows takes Path and PATH for the same. */
bool tether__os_env_same_name(const char *a, size_t a_size, const char *b, size_t b_size);

/* The default store's path; freed with free(). */
int tether__os_default_store(char **path, tether_error *error);

/* The folder in which this user's ephemeral stores are made, whether or not it is there; freed with
 * free(). *in_memory is false where the platform has no place in memory, and it is among the
 * temporary files. */
int tether__os_ephemeral_base(char **path, bool *in_memory, tether_error *error);

/* An absolute, canonical path of a directory (NULL: the working directory); freed with free().
 * `what` names it in the message, such as "working directory". TETHER_EWORKDIR where it is none or
 * cannot be entered. */
int tether__os_real_directory(const char *what, const char *path, char **real, tether_error *error);

/* The same for a directory that may be gone: there, *real is what its path would be, made absolute
 * and canonical as far as it exists. */
int tether__os_former_directory(const char *what, const char *path, char **real,
                                tether_error *error);

/* Finds a program as execvp would: by PATH where the name has no separator (path_list, NULL: the
 * system's default), else relative to workdir. *found is absolute and freed with free().
 * TETHER_ENOPROGRAM, or TETHER_ENOEXEC for what is there and cannot be run. */
int tether__os_find_program(const char *name, const char *path_list, const char *workdir,
                            char **found, tether_error *error);

/* How shells are found here. */
typedef struct tether__shell_rules {
    tether__shell_candidates candidates; /* for the user's command */
    const tether__outer_rule *outers;    /* for the wrapper */
    const char *system_path;             /* where those are looked for first; NULL: the default of
                                            tether__os_find_program */
    const char *outer_name;              /* what to install where there is none of them */
    const char *preferred;               /* the shell that users should have */
    const char *loss;                    /* what is lost without it, for people */
} tether__shell_rules;
const tether__shell_rules *tether__os_shell_rules(void);

/* The longest single argument or NAME=value, and the most that arguments and environment together
 * may take, in bytes. */
size_t tether__os_string_limit(void);
size_t tether__os_exec_limit(void);

#endif
