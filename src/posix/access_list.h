/* Whether an access list grants more than the mode of a directory shows. Any thread. */
#ifndef TETHER_ACCESS_LIST_H
#define TETHER_ACCESS_LIST_H

#include <stdbool.h>

/* Stores whether a directory has an access list that names further users or groups. The group bits
 * of its mode are then what the list grants at most. False where the system or the file system has
 * no such lists. Returns 0, or the errno for which that is not known. */
int tether__posix_has_access_list(const char *path, bool *has);

#endif
