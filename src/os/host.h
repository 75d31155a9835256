/* Seam: the host's environment, programs, limits and user folders. */
#ifndef TETHER_OS_HOST_H
#define TETHER_OS_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/candidates.h"
#include "shell/outer.h"
#include "shell/policy.h"
#include "tether/error.h"

/* Copies the process's environment into a NULL-terminated array, to be freed with
 * tether__os_environ_free(); NULL on failure. Leaves out entries that no program sets or reads,
 * such as "=C:" on Windows. */
int tether__os_environ(char ***entries, tether_error *error);

/* NULL is allowed. */
void tether__os_environ_free(char **entries);

/* Whether two names denote the same variable: on Windows, Path and PATH do. */
bool tether__os_env_same_name(const char *a, size_t a_size, const char *b, size_t b_size);

/* Stores the path of the default store; free it with free(). */
int tether__os_default_store(char **path, tether_error *error);

/* Stores the folder for this user's ephemeral stores, which need not exist; free it with free().
 * *in_memory is false where the platform has no memory file system and the folder is among the
 * temporary files. */
int tether__os_ephemeral_base(char **path, bool *in_memory, tether_error *error);

/* Returns the name of the variable that moves that folder. Static. */
const char *tether__os_ephemeral_variable(void);

/* Stores the absolute, canonical path of a directory (NULL: the working directory); free it with
 * free(). On Windows it stays on the drive by which it was given. `what` names it in the message,
 * such as "working directory". TETHER_EWORKDIR when it is not a directory or cannot be entered. */
int tether__os_real_directory(const char *what, const char *path, char **real, tether_error *error);

/* Like tether__os_real_directory, but the directory may be missing: *real is then its absolute
 * path, canonical as far as it exists. */
int tether__os_former_directory(const char *what, const char *path, char **real,
                                tether_error *error);

/* Checks whether a program can be started in a directory, given its absolute path. TETHER_EWORKDIR
 * where the path is too long for that, as on Windows. */
int tether__os_check_workdir(const char *path, tether_error *error);

/* Finds a program as execvp does: in path_list (NULL: the system's default) when the name has no
 * separator, else relative to workdir. *found is absolute; free it with free(). TETHER_ENOPROGRAM
 * when it is missing, TETHER_ENOEXEC when it exists but cannot be run. */
int tether__os_find_program(const char *name, const char *path_list, const char *workdir,
                            char **found, tether_error *error);

/* How to find shells on this platform. */
typedef struct tether__shell_rules {
    tether__shell_candidates candidates; /* for the user's command */
    const tether__outer_rule *outers;    /* for the wrapper */
    const char *system_path;             /* the PATH for rules without in_task_path; NULL: the
                                            default of tether__os_find_program */
    const char *outer_name;              /* what to install when none of the outer shells exists */
    const char *preferred;               /* the recommended shell for users */
    const char *loss;                    /* what users miss without it */
    bool windows;                        /* shells and programs are those of Windows */
} tether__shell_rules;
const tether__shell_rules *tether__os_shell_rules(void);

/* Stores what policies of this machine forbid to shells; nothing where they cannot be read. */
void tether__os_shell_policy(tether__shell_policy *policy);

/* Return, in bytes, the longest possible argument or NAME=value, and the limit of all arguments and
 * the environment together. */
size_t tether__os_string_limit(void);
size_t tether__os_exec_limit(void);

#endif
