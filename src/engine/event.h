/* The queue of a registry's events, and the thread (or the host's loop) that delivers them to the
 * host's callback. No other thread waits for a callback. The mutex of the queue is taken after all
 * locks of the catalog. */
#ifndef TETHER_EVENT_INTERNAL_H
#define TETHER_EVENT_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "tether/event.h"

typedef struct tether__events tether__events;

struct uv_loop_s;

/* Creates the snapshot of a task's event; the queue frees it with tether_snapshot_free. Called by
 * the delivering thread, with no lock held. */
typedef int tether__snapshot_maker(tether_registry *registry, const char *task_id,
                                   tether_snapshot **snapshot, tether_error *error);

/* Creates the queue. cb NULL: no events, only work runs. `loop` is the host's loop; NULL: a thread
 * of the queue, which tether__events_start starts. */
int tether__events_open(tether_registry *registry, tether_event_cb cb, void *userdata,
                        tether__snapshot_maker *make_snapshot, struct uv_loop_s *loop,
                        tether__events **events, tether_error *error);

/* Starts the thread, unless it runs already or the host's loop delivers. */
int tether__events_start(tether__events *events, tether_error *error);

/* Stops the delivery and drops what is still queued. Returns after the current callback has
 * returned; when called from inside that callback, returns at once, and no other callback follows.
 * Queueing is still allowed afterwards and does nothing. */
void tether__events_stop(tether__events *events);

/* Frees the stopped queue. Calls `dispose` (NULL: none) once nothing of the queue runs any more,
 * which may be after this call has returned. NULL is allowed. */
void tether__events_close(tether__events *events, void (*dispose)(void *userdata), void *userdata);

/* Sets the function that decides whether a COMPLETION has to wait: `must_wait` returns true while
 * other events of that task are still to come from queued work. Call it before anything is queued.
 */
void tether__events_hold_completions(tether__events *events,
                                     bool (*must_wait)(const char *task_id, void *userdata),
                                     void *userdata);

/* Whether the host has set a callback. events NULL is allowed. */
bool tether__events_has_listener(const tether__events *events);

/* Queues STARTED, COMPLETION, REMINDER or CANCEL of a task; the snapshot is taken at the delivery.
 * events NULL is allowed. Any thread, also under any lock of the catalog. */
void tether__events_task(tether__events *events, tether_event_kind kind, const char *task_id,
                         int64_t elapsed_ms);

/* Queues a LOG event, with a copy of task_id (NULL: none) and of the error. events NULL, threads
 * and locks as above. */
void tether__events_log(tether__events *events, tether_log_level level, const char *task_id,
                        const tether_error *error);

/* Queues a function that runs in its turn where callbacks run. Threads and locks as above. */
void tether__events_work(tether__events *events, void (*work)(const char *task_id, void *userdata),
                         const char *task_id, void *userdata);

/* Delivers an event at once. Only from a function of tether__events_work. Returns false if the
 * registry is being closed or the callback has closed it: then the caller must not touch the
 * registry any more. *delivered (NULL: not wanted): the callback was called. */
bool tether__events_deliver(tether__events *events, tether_event *event, bool *delivered);

#endif
