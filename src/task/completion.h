/* A look at one pending completion, for calls that wait for one. */
#ifndef TETHER_TASK_COMPLETION_H
#define TETHER_TASK_COMPLETION_H

#include "task/candidates.h"

/* Reads the task again and stores whether its completion is still pending and, if `only_free`, not
 * leased by another live registry, whose id `holder` then receives (else it is empty). A task that
 * was removed or damaged is not available. Any thread; blocks on the disk. */
int tether__completion_probe(tether_registry *registry, const tether__candidate *item,
                             bool only_free, bool *available, char holder[TETHER_ID_SIZE],
                             tether_error *error);

#endif
