/* Care of a store: removal of tasks that are no longer needed, and a report on what works on this
 * machine. */
#ifndef TETHER_STORE_H
#define TETHER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether/error.h"
#include "tether/export.h"
#include "tether/registry.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Options of tether_gc. All zero (or a NULL pointer) means every default. */
typedef struct tether_gc_options {
    /* sizeof(tether_gc_options), or 0 for the fields of version 0.1. */
    size_t size;
    /* Remove tasks that ended at least this many milliseconds ago, if their completion was
     * acknowledged or not requested. 0: 24 hours. -1: any age. */
    int64_t older_than_ms;
    /* Also remove tasks whose completion is pending, if they ended at least this many milliseconds
     * ago. 0: 30 days, or older_than_ms if that is longer. -1: any age. INT64_MAX: none. */
    int64_t pending_older_than_ms;
    /* Only the tasks of the registry's own session. Leaves the quarantine alone. Default: all
     * sessions of the store. */
    bool session_only;
} tether_gc_options;

/* What a collection did. The caller sets its size; the call fills the other members. */
typedef struct tether_gc_result {
    size_t size;      /* sizeof(tether_gc_result), or 0 for the fields of version 0.1 */
    size_t removed;   /* tasks that were removed, with their output */
    size_t kept;      /* tasks that stay: running, too young, leased, or read-only */
    size_t leftovers; /* remains of interrupted starts, removals and writes that were removed, also
                         by the opening of the registry */
    size_t quarantined; /* damaged tasks, and what is left of lost ones, that were moved to the
                           store's quarantine directory, also by the opening of the registry */
    size_t expired;     /* quarantined tasks that were removed after 30 days */
} tether_gc_result;

/* Removes ended tasks from all sessions of the registry's store, with their output, and what has
 * been in quarantine for 30 days.
 *
 * A task stays while it runs, and while a registry leases its completion. By default, a pending
 * completion keeps its task for 30 days. The age of a task that ended since the machine was started
 * is measured by the uptime. Other ages need the wall clock: tasks
 * that ended before, and quarantined ones, stay while the clock is not trusted (it was set while
 * the machine ran, is behind a time seen earlier, or is more than 30 days ahead of it after a
 * restart). To remove tasks of any age needs no clock.
 *
 * options and result may be NULL. *result counts what was done, also if the call fails: a task that
 * cannot be removed does not keep the others. Any thread.
 *
 * Every registry does this once by itself, in the background after its opening, unless no_gc or
 * ephemeral is set or the store was collected in the last 10 minutes.
 *
 * Errors: TETHER_EINVAL for a negative age other than -1, or a size that no version had; those of
 * the store. */
TETHER_EXPORT int tether_gc(tether_registry *registry, const tether_gc_options *options,
                            tether_gc_result *result, tether_error *error);

/* Removes tasks as tether_gc does with session_only: those that ended at least older_than_ms
 * milliseconds ago (0: any age), if their completion was acknowledged or not requested, else those
 * that ended 30 days ago. Any thread.
 *
 * Errors: TETHER_EINVAL for a negative age, or a size that no version had; those of the store. */
TETHER_EXPORT int tether_cleanup_finished(tether_registry *registry, int64_t older_than_ms,
                                          tether_gc_result *result, tether_error *error);

/* Removes one ended task of the session now, with its output, also if its completion is pending.
 *
 * A supervisor lives for a moment after the end of its task: waits up to 2 s for it, also on the
 * thread of a host's own loop. Any thread.
 *
 * Errors: TETHER_ENOTENDED if the task has not ended, or its supervisor does not exit in time;
 * TETHER_ELEASED while another registry leases its completion; TETHER_ENOTASK; TETHER_EREADONLY if
 * a newer version wrote the record; TETHER_ELOCKED. After another error, the task may be gone
 * (TETHER_ENOTASK) while some of its files are left; the next tether_gc removes these. */
TETHER_EXPORT int tether_remove(tether_registry *registry, const char *task_id,
                                tether_error *error);

/* What a finding means. */
typedef enum tether_verdict {
    TETHER_GOOD = 0, /* it works */
    TETHER_WEAK = 1, /* it works with the restriction in text */
    TETHER_BAD = 2   /* tasks cannot be started */
} tether_verdict;

/* One thing that was checked. */
typedef struct tether_finding {
    size_t size;            /* sizeof(tether_finding) of the library at run time */
    tether_verdict verdict; /* what it means for tasks */
    char *name;             /* what was checked, such as "events" */
    char *text;             /* the result and, for WEAK and BAD, usually what to do about it */
} tether_finding;

/* All that was checked. The items belong to the report. */
typedef struct tether_report {
    size_t size;            /* sizeof(tether_report) of the library at run time */
    tether_finding **items; /* count pointers, so that a finding can grow */
    size_t count;           /* how many items there are */
} tether_report;

/* Checks this machine and a store (NULL: the default store), and reports what works and what does
 * not. Changes neither. A store that tether_open would refuse is a finding, not an error.
 *
 * The caller frees *report with tether_report_free; it is NULL on failure. Any thread.
 *
 * Errors: TETHER_ENOMEM. */
TETHER_EXPORT int tether_doctor(const char *store, tether_report **report, tether_error *error);

/* Frees a report with its items. NULL is allowed. Any thread. */
TETHER_EXPORT void tether_report_free(tether_report *report);

#ifdef __cplusplus
}
#endif
#endif
