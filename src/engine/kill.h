/* Killing a task: the intent goes to disk, then signals follow by the kill policy until no process
 * is left. */
#ifndef TETHER_KILL_H
#define TETHER_KILL_H

#include <stdint.h>

#include "engine/catalog.h"
#include "format/record.h"
#include "os/tree.h"
#include "tether/error.h"

/* Begins a kill: writes the intent into the record, before any signal, and chooses the driver.
 *   - A kill without a driver gets `wanted` as its driver.
 *   - A caller (any driver but the loop) takes over from the loop.
 *   - Otherwise the kill keeps the driver that it has.
 *
 * Stores in *is_driver whether `wanted` became the driver. The record of a task that has ended
 * stays as it is, but the kill gets a driver all the same, for the processes that the task left
 * behind. A deadline that is not over, by the record under the lock, begins no kill: it was moved.
 * The caller holds no lock. */
int tether__kill_begin(tether__catalog *catalog, const char *task_id, tether__intent intent,
                       int64_t grace_ms, tether__driver wanted, bool *is_driver,
                       tether_error *error);

/* Returns when the kill is over: drives the kill if the caller is the driver (is_driver), else
 * waits for the driver. The caller holds no lock. */
int tether__kill_finish(tether__catalog *catalog, const char *task_id, bool is_driver,
                        tether_error *error);

/* Takes the step that is due. Stores in *next_ms when to call again; 0: the kill is over and has no
 * driver any more. Returns TETHER_ESURVIVED when processes survive the final signal. If the driver
 * is a caller, the kill is over then (*next_ms is 0); if the driver is the loop, the kill continues
 * at long intervals (*next_ms is not 0). Only the driver may call this. The caller holds no lock.
 */
int tether__kill_step(tether__catalog *catalog, const char *task_id, int64_t *next_ms,
                      tether_error *error);

/* Checks that the task can be killed from here. Call this before writing anything: the record must
 * not show a kill that cannot be done. The caller holds `disk`; takes `state`. */
int tether__kill_check(tether__catalog *catalog, const tether__entry *entry, tether_error *error);

/* Checks the same for a single signal or a pause. TETHER_ENOTSUP: a proxy task, which has no
 * processes. The caller holds `disk`; takes `state`. */
int tether__kill_check_signal(tether__catalog *catalog, const tether__entry *entry,
                              tether_error *error);

/* Pauses or resumes the task's processes, once. Stores in *reached how many live processes there
 * were. The caller holds no lock. */
int tether__kill_pause_or_resume(tether__catalog *catalog, const char *task_id,
                                 tether__tree_signal signal, size_t *reached, tether_error *error);

/* tether__kill_step for TETHER__DRIVER_ROUNDS: uses the listing of this round. The caller holds no
 * lock. */
int tether__kill_step_in_round(tether__catalog *catalog, const char *task_id,
                               const tether__round *round, int64_t *next_ms, tether_error *error);

/* Gives up driving a kill, which then has no driver. Wakes the callers that wait for it. Only the
 * driver may call this. Takes `state`. */
void tether__kill_release(tether__catalog *catalog, const char *task_id);

/* Returns whether this registry drives a kill of the task that has begun. False also if its loop
 * has taken over the kill of another host, but gives that host time to finish. The caller holds
 * `state`. */
bool tether__kill_in_progress(const tether__entry *entry, int64_t now);

/* Writes into the records of the kills in progress that any host may take them over at once: this
 * registry is being closed, and its loop has stopped. The caller holds no lock. */
void tether__kill_hand_over(tether__catalog *catalog);

/* As tether__entry_supervisor. The caller holds `disk`; takes `state`. */
void tether__kill_find_supervisor(tether__catalog *catalog, const tether__entry *entry,
                                  tether__identity *supervisor);

/* Stores up to `capacity` pids of the task's live processes, in *count how many there are, and in
 * *monitor_alone whether that is the monitor only. The caller holds no lock. */
int tether__kill_members(tether__catalog *catalog, const char *task_id, int64_t *pids,
                         size_t capacity, size_t *count, bool *monitor_alone, tether_error *error);

/* Sends one signal to the task's processes and does not change the task's status. Stores false in
 * *sent, and sends nothing, if the task has not started its command yet. The caller holds no lock.
 */
int tether__kill_signal(tether__catalog *catalog, const char *task_id, int number, bool *sent,
                        tether_error *error);

#endif
