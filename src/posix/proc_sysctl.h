/* Code that macOS and the BSDs share to read the process table with sysctl. */
#ifndef TETHER_PROC_SYSCTL_H
#define TETHER_PROC_SYSCTL_H

#include <stddef.h>

#include "posix/proc.h"

/* Reads a table that may grow between two calls. Returns 0 or errno; the caller frees *data with
 * free(). */
int tether__sysctl_table(int *name, unsigned depth, void **data, size_t *size);

/* Reads the arguments of a process, as each system has them. Returns 0 or errno; the caller frees
 * *data with free(). */
int tether__sysctl_arguments(int64_t pid, void **data, size_t *size);

/* Reads the arguments or the environment of a process, up to the system's limit of both. Returns 0
 * or errno; the caller frees *data with free(). */
int tether__sysctl_strings(int *name, unsigned depth, void **data, size_t *size);

/* tether__proc_each_value for a block of zero-terminated entries. */
tether__proc_variable tether__sysctl_each_value(const char *block, size_t size, const char *prefix,
                                                size_t capacity,
                                                bool (*take)(const char *value, void *userdata),
                                                void *userdata);

/* Maps the errno of an unreadable environment to a result. */
tether__proc_variable tether__sysctl_unread(int os_error);

#endif
