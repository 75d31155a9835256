/* The task ids among the names in one of a session's directories. */
#ifndef TETHER_NAMES_H
#define TETHER_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "os/file.h"
#include "tether/error.h"
#include "tether/task.h"

/* Lists the valid task ids among the names in a directory, in no order, and skips other names. The
 * caller frees *ids with free(); it is NULL on failure. Any thread. */
int tether__names_list(tether__dir *dir, char (**ids)[TETHER_ID_SIZE], size_t *count,
                       tether_error *error);

/* Sorts ids for tether__names_has. */
void tether__names_sort(char (*ids)[TETHER_ID_SIZE], size_t count);

/* Whether an id is among sorted ones. */
bool tether__names_has(char (*ids)[TETHER_ID_SIZE], size_t count, const char *task_id);

#endif
