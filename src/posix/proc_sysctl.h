/* Code that macOS and the BSDs share to read the process table with sysctl. */
#ifndef TETHER_PROC_SYSCTL_H
#define TETHER_PROC_SYSCTL_H

#include <stddef.h>

#include "posix/proc.h"

/* Reads the entry of one process, of exactly this size. Returns 0 or errno: ESRCH if there is no
 * such process, ENOSYS if the system's entry is smaller, as that of another release. */
int tether__sysctl_entry(int *name, unsigned depth, void *entry, size_t size);

/* Reads a table that may grow between two calls. Returns 0 or errno; the caller frees *data with
 * free(). */
int tether__sysctl_table(int *name, unsigned depth, void **data, size_t *size);

/* Reads the arguments of a process, as each system has them. Returns 0 or errno; the caller frees
 * *data with free(). */
int tether__sysctl_arguments(int64_t pid, void **data, size_t *size);

/* Reads the arguments or the environment of a process, up to the system's limit of both. Returns 0
 * or errno; the caller frees *data with free(). */
int tether__sysctl_strings(int *name, unsigned depth, void **data, size_t *size);

/* Reads a block that ends with the environment of a process, as each system has it, and stores
 * where the zero-terminated entries begin in it. Returns 0 or errno; the caller frees *data with
 * free(). */
int tether__sysctl_environment(int64_t pid, void **data, size_t *size, size_t *begin);

#endif
