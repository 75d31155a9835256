/* Killing a task: the intent on disk, then signals by the kill policy, until nothing is left. */
#ifndef TETHER_KILL_H
#define TETHER_KILL_H

#include <stdint.h>

#include "catalog.h"
#include "record.h"
#include "tether/error.h"

/* Writes the intent into the record, before any signal, and appoints `wanted` as the driver unless
 * there is one; a caller takes over from the loop. *appointed tells which. A task that has ended
 * gets a driver too, for what it left behind. Under no lock. */
int tether__kill_begin(tether__catalog *catalog, const char *task_id, tether__intent intent,
                       int64_t grace_ms, tether__driver wanted, bool *appointed,
                       tether_error *error);

/* Returns when the kill is over: drives it where the caller was appointed, else waits for who was.
 * Under no lock. */
int tether__kill_finish(tether__catalog *catalog, const char *task_id, bool appointed,
                        tether_error *error);

/* Does what is due now; *next_ms is when to call again, 0: it is over and the driver is released.
 * Where processes survive the final signal it is over with TETHER_ESURVIVED for a caller, and goes
 * on slowly for the loop. By the driver only; under no lock. */
int tether__kill_step(tether__catalog *catalog, const char *task_id, int64_t *next_ms,
                      tether_error *error);

/* Sends one signal to the task's processes and leaves its state alone. Under no lock. */
int tether__kill_signal(tether__catalog *catalog, const char *task_id, int number,
                        tether_error *error);

#endif
