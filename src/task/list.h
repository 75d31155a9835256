/* Lists of snapshots out of the catalog. */
#ifndef TETHER_TASK_LIST_H
#define TETHER_TASK_LIST_H

#include <stdbool.h>

#include "engine/catalog.h"
#include "tether/error.h"
#include "tether/task.h"

/* Refreshes the catalog's entries in scope one by one, keeps those that `wanted` takes, and sorts
 * them. A task that cannot be read is left out. *list is freed with tether_snapshot_list_free.
 * Takes `disk`, task by task. */
int tether__task_list(tether__catalog *catalog, tether__scope scope,
                      bool (*wanted)(const tether__entry *entry, void *userdata), void *userdata,
                      int (*order)(const void *left, const void *right),
                      tether_snapshot_list **list, tether_error *error);

/* Moves what is in some to the end of all; false when memory is short. */
bool tether__task_list_append(tether_snapshot_list *all, tether_snapshot_list *some);

#endif
