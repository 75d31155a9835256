/* What macOS and the BSDs have in common when they tell of processes by sysctl. */
#ifndef TETHER_PROC_SYSCTL_H
#define TETHER_PROC_SYSCTL_H

#include <stddef.h>

#include "posix/proc.h"

/* Reads a table that may grow meanwhile. 0 or errno; *data is freed with free(). */
int tether__sysctl_table(int *name, unsigned depth, void **data, size_t *size);

/* Reads a process's arguments or environment: no more than a process can have. 0 or errno; *data is
 * freed with free(). */
int tether__sysctl_strings(int *name, unsigned depth, void **data, size_t *size);

/* tether__proc_each_value for a block of entries, each with a zero after it. */
tether__proc_variable tether__sysctl_each_value(const char *block, size_t size, const char *prefix,
                                                size_t room,
                                                bool (*take)(const char *value, void *userdata),
                                                void *userdata);

/* What an environment that could not be read means. */
tether__proc_variable tether__sysctl_unread(int os_error);

#endif
