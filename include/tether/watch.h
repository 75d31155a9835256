/* Watches: patterns that a task's output is searched for as it is written. */
#ifndef TETHER_WATCH_H
#define TETHER_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether/error.h"
#include "tether/export.h"
#include "tether/output.h"
#include "tether/registry.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TETHER_WATCHES_PER_TASK 8

typedef struct tether_watch_spec {
    /* sizeof(tether_watch_spec), or 0 for the fields of version 0.1. */
    size_t size;
    /* A PCRE2 pattern, UTF-8; ^ and $ match at lines. It is searched for in lines and in what is
     * there of the last one; no match is longer than 64 KiB. */
    const char *pattern;
    /* Its bytes, at most 4096. 0: up to the terminating zero. */
    size_t pattern_size;
    /* The pattern is plain bytes. */
    bool fixed;
    /* Over after its first match. Default: standing. */
    bool once;
    /* A match is told when its line is whole (or the task has ended, or the line is longer than 64
     * KiB), so that the context is the whole line. Default: as soon as it is sure. */
    bool whole_lines;
    /* Not kept on disk: it is over when the registry is closed. Default: the next registry with an
     * on_event that opens the session goes on with it. */
    bool transient;
    /* From what is written from now on. Default: from the first byte, or behind what the task's
     * output limit has dropped. */
    bool from_now;
    tether_view view;
} tether_watch_spec;

/* Watches a task's output; matches come as TETHER_EVENT_MATCH, for the same bytes never twice,
 * except that after the death of this process the last ones may be told again to the next.
 * *watch is a number that is unique for the task. Any thread. Errors: TETHER_EPATTERN (the message
 * says what is wrong and where); TETHER_EQUOTA for a ninth watch; TETHER_EINVAL where the registry
 * has no on_event; TETHER_ENOTASK. A pattern that needs too many steps ends its watch with
 * TETHER_EPATTERN in TETHER_EVENT_WATCH_END. */
TETHER_EXPORT int tether_watch_add(tether_registry *registry, const char *task_id,
                                   const tether_watch_spec *spec, int *watch, tether_error *error);

/* Ends a watch, without a TETHER_EVENT_WATCH_END. One that is over is no error. Any thread. Errors:
 * TETHER_ENOTASK. */
TETHER_EXPORT int tether_watch_remove(tether_registry *registry, const char *task_id, int watch,
                                      tether_error *error);

#ifdef __cplusplus
}
#endif
#endif
