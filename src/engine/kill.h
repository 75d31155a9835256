/* Killing a task: the intent goes to disk, then signals follow by the kill policy until no process
 * is left. */
#ifndef TETHER_KILL_H
#define TETHER_KILL_H

#include <stdint.h>

#include "engine/catalog.h"
#include "format/record.h"
#include "os/tree.h"
#include "tether/error.h"

/* Writes the intent into the record, before any signal, and makes `wanted` the driver of the kill,
 * unless it has one; a caller takes over from the loop. *is_driver: `wanted` is the driver now. A
 * task that has ended gets a driver too, for the processes that it left behind. Under no lock. */
int tether__kill_begin(tether__catalog *catalog, const char *task_id, tether__intent intent,
                       int64_t grace_ms, tether__driver wanted, bool *is_driver,
                       tether_error *error);

/* Returns when the kill is over: drives it if the caller is the driver, else waits for the driver.
 * Under no lock. */
int tether__kill_finish(tether__catalog *catalog, const char *task_id, bool is_driver,
                        tether_error *error);

/* Takes the step that is due. Stores in *next_ms when to call again; 0: the kill is over and has no
 * driver any more. When processes survive the final signal, a caller's kill is over with
 * TETHER_ESURVIVED, and the loop's kill continues at long intervals. Only the driver may call this;
 * under no lock. */
int tether__kill_step(tether__catalog *catalog, const char *task_id, int64_t *next_ms,
                      tether_error *error);

/* Whether the task can be killed from here. Call this before writing anything: the record must not
 * show a kill that cannot be done. Under `disk`. */
int tether__kill_check(const tether__entry *entry, tether_error *error);

/* The same for a single signal or a pause. TETHER_ENOTSUP: a proxy task, which has no processes. */
int tether__kill_check_signal(const tether__entry *entry, tether_error *error);

/* Pauses or resumes the task's processes, once. *reached: how many live processes there were. Under
 * no lock. */
int tether__kill_pause_or_resume(tether__catalog *catalog, const char *task_id,
                                 tether__tree_signal signal, size_t *reached, tether_error *error);

/* tether__kill_step for TETHER__DRIVER_ROUNDS: uses the listing of this round. */
int tether__kill_step_in_round(tether__catalog *catalog, const char *task_id,
                               const tether__round *round, int64_t *next_ms, tether_error *error);

/* Abandons an unfinished kill: it has no driver any more. Only the driver may call this; under no
 * lock. */
void tether__kill_release(tether__catalog *catalog, const char *task_id);

/* Stores the supervisor's identity from the record, or that of the child that this process has
 * started; pid 0: unknown. Under `disk`. */
void tether__kill_find_supervisor(tether__catalog *catalog, const tether__entry *entry,
                                  tether__identity *supervisor);

/* Stores up to `capacity` pids of the task's live processes, and in *count how many there are.
 * Under no lock. */
int tether__kill_members(tether__catalog *catalog, const char *task_id, int64_t *pids,
                         size_t capacity, size_t *count, tether_error *error);

/* Sends one signal to the task's processes and does not change its status. Under no lock. */
int tether__kill_signal(tether__catalog *catalog, const char *task_id, int number,
                        tether_error *error);

#endif
