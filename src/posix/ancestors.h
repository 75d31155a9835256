/* Whether other users can replace a directory by renaming it or a directory above it. */
#ifndef TETHER_POSIX_ANCESTORS_H
#define TETHER_POSIX_ANCESTORS_H

#include <stdbool.h>
#include <stdio.h>

#include "tether/error.h"

/* Checks a directory, given by its canonical absolute path, and all directories above it. Only this
 * user and root may be able to rename what is in them. A sticky directory, such as /tmp, meets that
 * for entries of this user. Fails with TETHER_ESTORE, and the remedy in the message. */
int tether__posix_check_ancestors(const char *path, tether_error *error);

/* Returns whether a user namespace has an id: reads the namespace's map (/proc/PID/uid_map), whose
 * lines are the first id inside, the first one outside, and how many follow one another. */
bool tether__posix_map_has(FILE *map, unsigned long id);

#endif
