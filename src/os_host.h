/* Seam: what the host's process and machine offer: environment, programs, limits, the user's
 * folders. */
#ifndef TETHER_OS_HOST_H
#define TETHER_OS_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "tether/error.h"

/* The process's own environment, NULL-terminated; not copied. */
const char *const *tether__os_environ(void);

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

/* The longest single argument or NAME=value, and the most that arguments and environment together
 * may take, in bytes. */
size_t tether__os_string_limit(void);
size_t tether__os_exec_limit(void);

#endif
