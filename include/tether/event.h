/* Events: what a registry reports to its host through the callback on_event. */
#ifndef TETHER_EVENT_H
#define TETHER_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "tether/error.h"
#include "tether/export.h"
#include "tether/output.h"
#include "tether/registry.h"
#include "tether/task.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What has happened. */
typedef enum tether_event_kind {
    /* A task of the session was started, by this registry or by another host. Not sent for tasks
     * that were running when the registry was opened, or that ended before it noticed them. The
     * snapshot is taken when the event is delivered: the task may still be starting, or may have
     * ended. */
    TETHER_EVENT_STARTED = 0,
    /* A task has ended and its completion is pending. The record on disk says so already. Sent once
     * per registry and task, also for completions that are pending when the registry is opened.
     * Every registry of the session receives it: to be the only host that acts on it, lease it with
     * tether_completions_lease. */
    TETHER_EVENT_COMPLETION = 1,
    /* A task has been running for another reminder_ms: see elapsed_ms. */
    TETHER_EVENT_REMINDER = 2,
    /* Output matches a watch of this registry: see match. All matches of a task are delivered
     * before its COMPLETION. */
    TETHER_EVENT_MATCH = 3,
    /* A watch of this registry has ended: its task has ended and all output was searched, a watch
     * with `once` has matched, or the watch failed. error->code is 0 unless it failed. */
    TETHER_EVENT_WATCH_END = 4,
    /* A kill of a proxy task of this registry was requested, or its deadline has passed. Stop the
     * work and call tether_proxy_finish. */
    TETHER_EVENT_CANCEL = 5,
    /* A message for the host's log about something that no call returns: see level and error. */
    TETHER_EVENT_LOG = 6,
    /* The task has truncated the file of a stream (see tether_stream). The watch goes on from the
     * start of the file, and offsets of later matches count from there. watch is 0 for the ring of
     * the task (tether_ring_keep). */
    TETHER_EVENT_TRUNCATED = 7
} tether_event_kind;

/* How much a message for the host's log matters. */
typedef enum tether_log_level {
    TETHER_LOG_INFO = 0,    /* nothing is wrong */
    TETHER_LOG_WARNING = 1, /* something works with a restriction, such as polling for events */
    TETHER_LOG_ERROR = 2    /* something failed and will be retried */
} tether_log_level;

/* A match of a watch. Texts are the exact bytes of the task, not terminated by a zero, and not
 * necessarily UTF-8. Offsets and sizes are in bytes; offsets count from the start of the stream. */
typedef struct tether_match {
    size_t size;             /* sizeof(tether_match) of the library at run time */
    int watch;               /* the number from tether_watch_add */
    tether_stream stream;    /* the stream that matched */
    uint64_t offset;         /* of the first byte of the match */
    const char *text;        /* the match, at most its first 4096 bytes */
    size_t text_size;        /* the bytes in text */
    uint64_t match_size;     /* the size of the whole match */
    const char *context;     /* the line of the match, as far as it was written: at most 1024 bytes
                                before and after the match */
    size_t context_size;     /* the bytes in context */
    uint64_t context_offset; /* of the first byte of context */
} tether_match;

/* An event. It and all that it points to are valid during the callback only. */
typedef struct tether_event {
    size_t size;                     /* sizeof(tether_event) of the library at run time */
    tether_event_kind kind;          /* what has happened; says which members are set */
    const char *task_id;             /* NULL for a LOG that is about no task */
    const tether_snapshot *snapshot; /* STARTED, COMPLETION, REMINDER, CANCEL; otherwise NULL */
    int64_t elapsed_ms;              /* REMINDER: how long the task has been running */
    const tether_match *match;       /* MATCH; otherwise NULL */
    int watch;                 /* MATCH, WATCH_END, TRUNCATED: the number from tether_watch_add */
    tether_log_level level;    /* LOG */
    const tether_error *error; /* LOG: what happened; WATCH_END: why; otherwise NULL */
    tether_stream stream;      /* TRUNCATED */
} tether_event;

/* About the callback on_event (tether_event_cb in tether/registry.h):
 *
 * - It runs on a thread that the registry uses for callbacks only, or, with a host's own loop, on
 *   the thread of that loop.
 * - It receives one event at a time, in the order in which they happened. A slow callback delays
 *   later events only (and, on a host's own loop, that loop).
 * - It may call any function of the library, including tether_spawn, tether_kill and tether_close.
 *   On a host's own loop it must not call those that wait.
 * - After tether_close has returned, no callback is entered. tether_close waits for a callback that
 *   is running on another thread.
 * - At most 256 LOG events are queued; further ones are dropped. An event is also lost if memory is
 *   short when it is queued. The store still has the state of every task. */

#ifdef __cplusplus
}
#endif
#endif
