/* Watches: patterns that are searched for in a task's output while it is written. */
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

/* The most watches that a task can have. */
#define TETHER_WATCHES_PER_TASK 8

/* What to search for. All zero except for `pattern` is valid. */
typedef struct tether_watch_spec {
    /* sizeof(tether_watch_spec), or 0 for the fields of version 0.1. */
    size_t size;
    /* A PCRE2 pattern, UTF-8; ^ and $ match at the start and end of a line. Output is searched line
     * by line, an unfinished last line as far as it was written. A match is never empty, never
     * contains a newline, and has at most 64 KiB. Not supported: \G, \Z, verbs such as (*SKIP), and
     * lookbehinds of more than 1000 characters. */
    const char *pattern;
    /* The bytes of pattern, at most 4096. 0: up to the terminating zero. */
    size_t pattern_size;
    /* The pattern is a string to find, not a regular expression. Default: a regular expression. */
    bool fixed;
    /* The watch ends with its first match. Default: it lasts until the task has ended. */
    bool once;
    /* A match is reported when its line is complete (or the task has ended, or the line is longer
     * than 64 KiB), so that its context is the whole line. Default: as soon as further output
     * cannot change the match. */
    bool whole_lines;
    /* The watch ends when the registry is closed. Default: it is stored, and the next registry that
     * opens the session with an on_event continues it (see leave_watches). */
    bool transient;
    /* Search what is written from now on. Default: from the first byte that was not dropped by the
     * task's output limit. */
    bool from_now;
    /* The streams to search. Default: both. */
    tether_view view;
    /* A match at the end of what was written so far is reported at once, also if further output
     * could make it longer, such as a prompt that ends without a newline. `$` matches there, and a
     * longer match may be reported in several parts. For transient watches; excludes whole_lines.
     * Default: see whole_lines. */
    bool partial;
} tether_watch_spec;

/* Adds a watch to a task. Its matches are delivered as TETHER_EVENT_MATCH, its end as
 * TETHER_EVENT_WATCH_END. Nothing is reported twice, with one exception: after the death of this
 * process, the registry that continues the watch may report the last matches again.
 *
 * *watch receives the number of the watch, unique for the task; 0 on failure. Any thread.
 *
 * Errors: TETHER_EPATTERN if the pattern cannot be used (the message says why and where);
 * TETHER_EINVAL if the registry has no on_event, or for a spec without a pattern; TETHER_EQUOTA if
 * the task has TETHER_WATCHES_PER_TASK watches; TETHER_ENOTASK; TETHER_ELOCKED; TETHER_EREADONLY.
 * A pattern that needs too many steps or too much memory for some output ends its watch: the
 * TETHER_EVENT_WATCH_END then has the code TETHER_EPATTERN. */
TETHER_EXPORT int tether_watch_add(tether_registry *registry, const char *task_id,
                                   const tether_watch_spec *spec, int *watch, tether_error *error);

/* Ends a watch, without a TETHER_EVENT_WATCH_END. Removing a watch that has ended is not an error.
 * Any thread.
 *
 * Errors: TETHER_ENOTASK; TETHER_ELOCKED; TETHER_EREADONLY. */
TETHER_EXPORT int tether_watch_remove(tether_registry *registry, const char *task_id, int watch,
                                      tether_error *error);

#ifdef __cplusplus
}
#endif
#endif
