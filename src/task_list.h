/* Lists of snapshots out of the catalog. */
#ifndef TETHER_TASK_LIST_H
#define TETHER_TASK_LIST_H

#include <stdbool.h>

#include "registry.h"
#include "tether/error.h"
#include "tether/task.h"

/* Refreshes the catalog's entries (ended ones too where `ended`) one by one, keeps those that
 * `wanted` takes, and sorts them. A task that cannot be read is left out. *list is freed with
 * tether_snapshot_list_free. Takes `disk`, task by task. */
int tether__task_list(tether_registry *registry, bool ended,
                      bool (*wanted)(const tether__entry *entry, void *userdata), void *userdata,
                      int (*order)(const void *left, const void *right),
                      tether_snapshot_list **list, tether_error *error);

#endif
