/* Killing many tasks in rounds: each round lists the processes once for all of them. */
#ifndef TETHER_KILL_ROUNDS_H
#define TETHER_KILL_ROUNDS_H

#include <stddef.h>

#include "engine/catalog.h"
#include "format/record.h"
#include "tether/error.h"

/* Kills these tasks and returns when all kills are over, including those with another driver. Each
 * task gets the default grace period; the periods run at the same time, from the moment when the
 * intent of each task was written. Skips tasks that do not exist. A task whose kill fails does not
 * keep the others from being killed: the call returns the last of such failures at its end. The
 * caller holds no lock. */
int tether__kill_rounds(tether__catalog *catalog, char (*ids)[TETHER_ID_SIZE], size_t count,
                        tether__intent intent, tether_error *error);

#endif
