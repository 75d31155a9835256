/* The queue of what a registry's host is to be told, and the thread (or the host's loop) that tells
 * it. Nothing else waits for a callback. Its mutex comes after all locks of the catalog. */
#ifndef TETHER_EVENT_INTERNAL_H
#define TETHER_EVENT_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "tether/event.h"

typedef struct tether__events tether__events;

struct uv_loop_s;

/* Makes the snapshot that comes with a task's event; freed with tether_snapshot_free. Called on the
 * thread that delivers events, under no lock. */
typedef int tether__snapshot_maker(tether_registry *registry, const char *task_id,
                                   tether_snapshot **snapshot, tether_error *error);

/* Makes the queue. cb NULL: nobody is told, and only work runs. On the host's loop, or (NULL) on a
 * thread of its own, which tether__events_start starts. */
int tether__events_open(tether_registry *registry, tether_event_cb cb, void *userdata,
                        tether__snapshot_maker *make_snapshot, struct uv_loop_s *loop,
                        tether__events **events, tether_error *error);

/* Starts the thread, where there is none yet. */
int tether__events_start(tether__events *events, tether_error *error);

/* What is not told yet is dropped; returns when no callback is under way, unless it is called from
 * inside of one: then that is the last. Queueing goes on to be allowed, and does nothing. */
void tether__events_stop(tether__events *events);

/* Frees the stopped queue; `dispose` (NULL: none) is called when nothing of it runs any more, which
 * may be later. NULL is allowed. */
void tether__events_close(tether__events *events, void (*dispose)(void *userdata), void *userdata);

/* Asks before a COMPLETION is told whether it has to wait: `must_wait` says so while other events
 * of the task are still to come, and these come by work that is queued. Before anything is queued.
 */
void tether__events_hold_completions(tether__events *events,
                                     bool (*must_wait)(const char *task_id, void *userdata),
                                     void *userdata);

/* Whether somebody listens. */
bool tether__events_has_listener(const tether__events *events);

/* Queues STARTED, COMPLETION, REMINDER or CANCEL of a task; its snapshot is made when it is told.
 * events NULL is allowed. Any thread, under any of the catalog's locks. */
void tether__events_task(tether__events *events, tether_event_kind kind, const char *task_id,
                         int64_t elapsed_ms);

/* Queues a LOG; task_id (NULL: none) and the error's fields are copied. Likewise. */
void tether__events_log(tether__events *events, tether_log_level level, const char *task_id,
                        const tether_error *error);

/* Queues a piece of work that runs where callbacks run, in its turn. Likewise. */
void tether__events_work(tether__events *events, void (*work)(const char *task_id, void *userdata),
                         const char *task_id, void *userdata);

/* Tells an event at once; from a piece of work only. False: the registry is being closed, or was by
 * the callback, and nothing of it may be there any more. *delivered (NULL: not wanted): the
 * callback was called. */
bool tether__events_deliver(tether__events *events, tether_event *event, bool *delivered);

#endif
