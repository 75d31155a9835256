/* The ids of tasks that one of a session's directories names. */
#ifndef TETHER_NAMES_H
#define TETHER_NAMES_H

#include <stddef.h>

#include "os/file.h"
#include "tether/error.h"
#include "tether/task.h"

/* Lists the valid task ids among the names in a directory, in no order; other names are skipped.
 * *ids is freed with free(), NULL on failure. Any thread. */
int tether__names_list(tether__dir *dir, char (**ids)[TETHER_ID_SIZE], size_t *count,
                       tether_error *error);

#endif
