/* The processes of the task but the monitor, for the other files of this folder. One thread. */
#ifndef TETHER_MONITOR_OFFSPRING_H
#define TETHER_MONITOR_OFFSPRING_H

#include <stdbool.h>
#include <stddef.h>
#include <windows.h>

#include "format/marker.h"

/* Makes the job in which the command will be, so that it alone is counted and ended. The id stays
 * valid. Where that fails, the task's own job has to do. */
void tether__offspring_prepare(const char *task_id);

/* Returns where the job is kept; NULL in it: there is none. */
HANDLE *tether__offspring_job(void);

/* Returns whether none is left. If not, stores in *one a handle to wait for, which the caller
 * closes: while that process lives, something is left. NULL: there is nothing to wait for, look
 * again. */
bool tether__offspring_is_gone(HANDLE *one);

/* Returns whether a process has begun in the job, whether it lives or not. */
bool tether__offspring_began(void);

void tether__offspring_terminate(UINT code);

/* Lists those that live, without console hosts. */
void tether__offspring_list(tether__left *left);

/* Stores what they have used, as far as Windows has counted it. */
void tether__offspring_usage(tether__usage *usage);

#endif
