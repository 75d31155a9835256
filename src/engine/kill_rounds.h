/* Killing many tasks in rounds: each round lists the processes once for all of them. */
#ifndef TETHER_KILL_ROUNDS_H
#define TETHER_KILL_ROUNDS_H

#include <stddef.h>

#include "engine/catalog.h"
#include "format/record.h"
#include "tether/error.h"

/* Kills these tasks with the default grace period, which they share, and returns when all kills are
 * over, including those with another driver. Skips tasks that do not exist. After an error, which
 * is that of one task, the other tasks are killed all the same. Under no lock. */
int tether__kill_rounds(tether__catalog *catalog, char (*ids)[TETHER_ID_SIZE], size_t count,
                        tether__intent intent, tether_error *error);

#endif
