/* The process group of a task, for systems and namespaces that do not show processes: the only
 * means there to signal a task. */
#ifndef TETHER_POSIX_GROUP_H
#define TETHER_POSIX_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "os/tree.h"

/* Whether the supervisor leads its group now, and the caller is not in that group. The lifeline
 * proves that the supervisor lives; the caller knows that its pid is valid in this pid namespace.
 */
bool tether__group_is_led(const tether__tree *tree);

/* TETHER_ENOTSUP: the signal would end the supervisor too, which is in the group. */
int tether__group_check_signal(const tether__tree *tree, int number, tether_error *error);

/* Sends signals to the group, if it is led. Returns whether it was. */
bool tether__group_signal(const tether__tree *tree, const int *numbers, size_t count);

/* Whether the supervisor is a child of this process that was not reaped: then its pid is valid. */
bool tether__group_is_childs(const tether__tree *tree);

#endif
