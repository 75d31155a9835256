/* The queue of a registry's events, and the thread (or the host's loop, or its calls of a turn)
 * that delivers them to the host's callback. Queueing never waits for a callback; only
 * tether__events_stop and tether__events_close do. The mutex of the queue is taken after all locks
 * of the catalog, therefore any of them may be held while something is queued. */
#ifndef TETHER_EVENT_INTERNAL_H
#define TETHER_EVENT_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "tether/event.h"

typedef struct tether__events tether__events;

struct uv_loop_s;
struct tether__pollable;

/* Who delivers: the host's loop; the host, by tether__events_turn, when the pollable is signalled;
 * with neither, a thread of the queue. */
typedef struct tether__deliverer {
    struct uv_loop_s *loop;
    struct tether__pollable *pollable;
} tether__deliverer;

/* Creates the snapshot of a task's event; the queue frees it with tether_snapshot_free. Called by
 * the delivering thread. The caller holds no lock. */
typedef int tether__snapshot_maker(tether_registry *registry, const char *task_id,
                                   tether_snapshot **snapshot, tether_error *error);

/* Creates the queue. cb NULL: no event is delivered, and only the functions that
 * tether__events_work queues are called. The pollable must outlive the queue. */
int tether__events_open(tether_registry *registry, tether_event_cb cb, void *userdata,
                        tether__snapshot_maker *make_snapshot, const tether__deliverer *deliverer,
                        tether__events **events, tether_error *error);

/* Lets the delivery begin. Starts the thread, unless it runs already or another delivers. */
int tether__events_start(tether__events *events, tether_error *error);

/* Delivers some events, if the host does that by turns. Returns whether it should call this again
 * at once. When a callback has closed the queue, it is freed when this returns. */
bool tether__events_turn(tether__events *events);

/* Stops the delivery: no other callback follows, and what is still queued is never delivered.
 * Returns after the current callback has returned; when called from inside that callback, returns
 * at once. With a host's loop, call this on the thread of the loop. Queueing is still allowed
 * afterwards and does nothing. The caller holds no lock. */
void tether__events_stop(tether__events *events);

/* Stops the queue, if that was not done, and frees it. Calls `dispose` (NULL: none) once nothing of
 * the queue runs any more, which may be after this call has returned. NULL is allowed. The caller
 * holds no lock. */
void tether__events_close(tether__events *events, void (*dispose)(void *userdata), void *userdata);

/* Sets the function that decides whether a COMPLETION has to wait. `must_wait` returns true while a
 * queued function (tether__events_work) may still deliver other events of that task; the COMPLETION
 * then goes back to the end of the queue. The delivering thread calls `must_wait` and holds no
 * lock. Call this before anything is queued. */
void tether__events_hold_completions(tether__events *events,
                                     bool (*must_wait)(const char *task_id, void *userdata),
                                     void *userdata);

/* Returns whether the host has set a callback. events NULL is allowed. */
bool tether__events_has_listener(const tether__events *events);

/* Queues an event of a task, with a copy of task_id. The snapshot is taken at the delivery. Does
 * nothing without a callback, and if `events` is NULL. Any thread. Any lock may be held. */
void tether__events_task(tether__events *events, tether_event_kind kind, const char *task_id,
                         int64_t elapsed_ms);

/* Queues a LOG event, with copies of task_id (NULL: none) and of the error. Does nothing without a
 * callback, and if `events` is NULL. Any thread. Any lock may be held. */
void tether__events_log(tether__events *events, tether_log_level level, const char *task_id,
                        const tether_error *error);

/* Queues a function, with a copy of task_id. It is called in its turn, between the events, where
 * callbacks run, also if the host has set no callback. `events` must not be NULL. Any thread. Any
 * lock may be held. */
void tether__events_work(tether__events *events, void (*work)(const char *task_id, void *userdata),
                         const char *task_id, void *userdata);

/* Delivers an event at once. Call this only from a function that tether__events_work has queued.
 * Returns false if the registry is being closed or the callback has closed it: then the caller must
 * not touch the registry any more. Stores in *delivered (NULL: not wanted) whether the callback was
 * called. The caller holds no lock. */
bool tether__events_deliver(tether__events *events, tether_event *event, bool *delivered);

#endif
