/* Whether other users can replace a directory by renaming it or a directory above it. */
#ifndef TETHER_POSIX_ANCESTORS_H
#define TETHER_POSIX_ANCESTORS_H

#include "tether/error.h"

/* Checks a directory, given by its canonical absolute path, and all directories above it. Only this
 * user and root may be able to rename what is in them. A sticky directory, such as /tmp, meets that
 * for entries of this user. Fails with TETHER_ESTORE, and the remedy in the message. */
int tether__posix_check_ancestors(const char *path, tether_error *error);

#endif
