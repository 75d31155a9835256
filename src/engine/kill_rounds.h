/* Killing many tasks: all of them in rounds, each with one listing of the processes. */
#ifndef TETHER_KILL_ROUNDS_H
#define TETHER_KILL_ROUNDS_H

#include <stddef.h>

#include "engine/catalog.h"
#include "format/record.h"
#include "tether/error.h"

/* Kills these tasks with the default grace, which they share, and returns when all kills are over,
 * those that somebody else drives too. Tasks that are not there are passed over. An error is that
 * of one task; the others were killed all the same. Under no lock. */
int tether__kill_rounds(tether__catalog *catalog, char (*ids)[TETHER_ID_SIZE], size_t count,
                        tether__intent intent, tether_error *error);

#endif
