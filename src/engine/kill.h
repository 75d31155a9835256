/* Killing a task: the intent on disk, then signals by the kill policy, until nothing is left. */
#ifndef TETHER_KILL_H
#define TETHER_KILL_H

#include <stdint.h>

#include "engine/catalog.h"
#include "format/record.h"
#include "os/tree.h"
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

/* Whether the task can be killed from here. To be asked before anything is written: a kill that
 * cannot be done must not be recorded as one on its way. Under `disk`. */
int tether__kill_check(const tether__entry *entry, tether_error *error);

/* The same for a single signal, or a pause: TETHER_ENOTSUP for a proxy, which has no processes. */
int tether__kill_check_signal(const tether__entry *entry, tether_error *error);

/* Pauses or resumes the task's processes, as far as they are seen now: *reached is how many. Under
 * no lock. */
int tether__kill_pause_or_resume(tether__catalog *catalog, const char *task_id,
                                 tether__tree_signal signal, size_t *reached, tether_error *error);

/* The same in a round of TETHER__DRIVER_ROUNDS, by its listing. */
int tether__kill_step_in_round(tether__catalog *catalog, const char *task_id,
                               const tether__round *round, int64_t *next_ms, tether_error *error);

/* Gives a kill up, undone. By the driver only. Under no lock. */
void tether__kill_release(tether__catalog *catalog, const char *task_id);

/* The supervisor as it is best known: by the record, or because this process started it; pid 0: not
 * known. Under `disk`. */
void tether__kill_find_supervisor(tether__catalog *catalog, const tether__entry *entry,
                                  tether__identity *supervisor);

/* The task's live processes as they are seen now: up to room pids, and how many there are. Under no
 * lock. */
int tether__kill_members(tether__catalog *catalog, const char *task_id, int64_t *pids, size_t room,
                         size_t *count, tether_error *error);

/* Sends one signal to the task's processes and leaves its state alone. Under no lock. */
int tether__kill_signal(tether__catalog *catalog, const char *task_id, int number,
                        tether_error *error);

#endif
