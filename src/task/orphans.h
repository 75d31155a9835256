/* Tasks that have ended and of which processes still live. */
#ifndef TETHER_TASK_ORPHANS_H
#define TETHER_TASK_ORPHANS_H

#include <stdbool.h>

#include "engine/catalog.h"
#include "tether/error.h"
#include "tether/task.h"

/* Returns whether processes of this task may have outlived its end, by its record and its lifeline:
 * no process is looked at. */
bool tether__orphans_possible(const tether__session *session, const tether__entry *entry);

/* Looks for the processes of all tasks of the list, with one listing of the system's, and keeps
 * those snapshots of which some live, or of which that cannot be found out although a monitor still
 * guards some. The caller holds the catalog against pruning. Takes `disk`. */
int tether__orphans_keep(tether__catalog *catalog, tether_snapshot_list *list, tether_error *error);

#endif
