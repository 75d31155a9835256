/* The limits of a session: on running tasks, started tasks, and bytes of output. */
#ifndef TETHER_QUOTA_H
#define TETHER_QUOTA_H

#include <stddef.h>

#include "engine/core.h"
#include "tether/error.h"

/* Checks the total output of the session's tasks against its limit: TETHER_EQUOTA. Reads the sizes
 * of every task's files; call this before a task is created. The caller holds no lock. */
int tether__quota_output(tether_registry *registry, tether_error *error);

/* Checks whether a new task with this id, which must not be visible yet, may start. max_running (0:
 * none) applies in addition to the registry's own limit. The message of TETHER_EQUOTA names the
 * first running tasks. The caller holds `disk` and the session lock, which keeps two hosts from
 * taking the last place. */
int tether__quota_check(tether_registry *registry, const char *task_id, size_t max_running,
                        tether_error *error);

#endif
