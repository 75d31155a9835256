/* Events: what a registry tells its host by itself. */
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

typedef enum tether_event_kind {
    /* A task of the session was started that this registry has not seen before: by itself or by
     * another host. Not for those that ran already when the registry was opened. The snapshot is of
     * the moment of telling: the task may be starting still, or have ended. */
    TETHER_EVENT_STARTED = 0,
    /* A task has ended and its completion is pending; its record says so already. Once per registry
     * and task; those that are pending when the registry is opened come too. Every registry with
     * the session open is told: who wants to be the only one to act leases it, see
     * tether_completions_lease. */
    TETHER_EVENT_COMPLETION = 1,
    /* A task runs for longer than the reminder interval: elapsed_ms tells how long. */
    TETHER_EVENT_REMINDER = 2,
    /* Output matches a watch of this registry: see match. All matches of a task come before its
     * COMPLETION. */
    TETHER_EVENT_MATCH = 3,
    /* A watch of this registry is over: its task has ended and all output was searched, it matched
     * and was asked for once, or it failed: see error (its code is 0 where it did not). */
    TETHER_EVENT_WATCH_END = 4,
    /* Somebody wants to end a proxy task of this registry, or its deadline has come: stop the work
     * and call tether_proxy_finish. */
    TETHER_EVENT_CANCEL = 5,
    /* Something a person may want to know, which no call returns: see level and error. */
    TETHER_EVENT_LOG = 6
} tether_event_kind;

typedef enum tether_log_level {
    TETHER_LOG_INFO = 0,
    TETHER_LOG_WARNING = 1, /* something works with a loss */
    TETHER_LOG_ERROR = 2    /* something failed and is tried again */
} tether_log_level;

/* Where a watch matched. Bytes are the task's own, exactly; they need not be UTF-8. */
typedef struct tether_match {
    int watch;            /* what tether_watch_add returned */
    tether_stream stream; /* which output */
    uint64_t offset;      /* of the match's first byte in that output */
    const char *text;     /* the match: its first 4096 bytes */
    size_t text_size;     /* how many of them */
    uint64_t match_size;  /* how many bytes matched */
    const char *context;  /* the line around it, as far as it was written; at most 1024 bytes either
                             side */
    size_t context_size;  /* its bytes */
    uint64_t context_offset; /* of its first byte in that output */
} tether_match;

/* Valid during the callback only. */
typedef struct tether_event {
    size_t size; /* sizeof(tether_event) of the library that runs */
    tether_event_kind kind;
    const char *task_id;             /* NULL where a LOG is about no task */
    const tether_snapshot *snapshot; /* STARTED, COMPLETION, REMINDER, CANCEL; else NULL */
    int64_t elapsed_ms;              /* REMINDER */
    const tether_match *match;       /* MATCH; else NULL */
    int watch;                       /* MATCH, WATCH_END */
    tether_log_level level;          /* LOG */
    const tether_error *error;       /* LOG: what happened; WATCH_END: why; else NULL */
} tether_event;

/* The callback of tether_open_options: on a thread that the registry keeps for nothing else, or
 * with a loop of the host's on that loop's thread. One event at a time, in the order of happening;
 * a slow callback delays further events, and nothing else (the host's loop, where it is one). It
 * may call everything, tether_spawn, tether_kill and tether_close included, except that nothing may
 * wait on a host's own loop. After tether_close no further event comes; one that is being told on
 * another thread is waited for. */

#ifdef __cplusplus
}
#endif
#endif
