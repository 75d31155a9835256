/* The reaper: the loop of a registry, on every platform. It notices the ends of tasks, enforces
 * deadlines, drives kills and reaps children. It uses events where it can, else polling with
 * back-off. With events and nothing due, it does not wake up. */
#ifndef TETHER_REAPER_H
#define TETHER_REAPER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/attention.h"
#include "engine/catalog.h"
#include "engine/reaper_observer.h"
#include "tether/error.h"
#include "tether/registry.h"

typedef struct tether__reaper tether__reaper;

/* Creates a reaper that is not started: it notices nothing, and nothing wakes it. Copies *observer.
 * The catalog and observer->userdata must outlive the reaper. */
int tether__reaper_open(tether__catalog *catalog, const tether__reaper_observer *observer,
                        tether__reaper **reaper, tether_error *error);

/* Starts the reaper, once, on the host's loop, or on a loop and a thread of its own (loop NULL).
 * After a failure with a loop of its own, it may be called again. The caller holds no lock. */
int tether__reaper_start(tether__reaper *reaper, struct uv_loop_s *loop, tether_reaper_mode mode,
                         tether_error *error);

/* Stops the reaper. With a thread of its own: returns after that thread has ended. On a host's
 * loop: returns at once; the catalog is not used any more, and the loop frees the rest as it runs.
 * NULL is allowed. The caller holds no lock. */
void tether__reaper_close(tether__reaper *reaper);

/* Makes the loop do what is due. Any thread. Any lock may be held. */
void tether__reaper_wake(tether__reaper *reaper);

/* Makes the loop inspect all tasks soon, and again at growing intervals while that fails. Any
 * thread. Takes `state`. */
void tether__reaper_inspect(tether__reaper *reaper);

/* Call this after adding a task to the catalog: wakes the loop if its timer would fire too late for
 * that task. Any thread. Takes `state`. */
void tether__reaper_task_added(tether__reaper *reaper, const char *task_id);

/* Returns whether the caller is on the loop's thread, and therefore must not wait for the loop. */
bool tether__reaper_is_current(tether__reaper *reaper);

/* Notes that the caller's thread now runs the host's loop. Does nothing with a thread of its own.
 */
void tether__reaper_runs_here(tether__reaper *reaper);

/* Returns whether events report the ends of tasks; else the reaper polls, or is not started. */
bool tether__reaper_has_events(tether__reaper *reaper);

/* Makes the reaper notice what other hosts write about tasks: kills, pauses, promotions,
 * acknowledgements and removals. It then wakes at each line in the journal, also at this host's
 * own; so only those who need it call this. Returns false where there are no events of it: the
 * caller has to look at intervals. Each success needs a call of unfollow, or lasts as long as the
 * reaper. Any thread. Takes `state`. */
bool tether__reaper_follow_session(tether__reaper *reaper);
void tether__reaper_unfollow_session(tether__reaper *reaper);

/* Starts and stops watching a task's bundle for one follower. Does nothing without events: the
 * follower has to read at intervals. Stores in *tag (NULL: not wanted) the number that identifies
 * the events of this bundle; -1: the bundle raises none. The caller holds no lock. */
void tether__reaper_follow(tether__reaper *reaper, const char *task_id, int *tag);
void tether__reaper_unfollow(tether__reaper *reaper, const char *task_id);

/* What is watched while somebody needs it. Only for a caller to whom tether__reaper_follow_session
 * has returned true. */
tether__attention *tether__reaper_attention(tether__reaper *reaper);

#endif
