/* Seam: the programs that belong to tether. */
#ifndef TETHER_OS_COMPANION_H
#define TETHER_OS_COMPANION_H

#include "tether/error.h"

/* The variable that names the monitor. */
#define TETHER__MONITOR_VARIABLE "TETHER_MONITOR"

/* Finds a program that belongs to tether: the one that a variable of this process names (none if it
 * is empty), else beside this program, in its libexec folder or where tether was installed. *path
 * is absolute; free it with free(). *known is where a search has found it before, which is tried
 * before another search, or NULL: then a search stores there what it finds, to be freed with
 * free(). `known` NULL: nothing is remembered. TETHER_ENOPROGRAM when there is none. */
int tether__os_find_companion(const char *name, const char *variable, char **known, char **path,
                              tether_error *error);

#endif
