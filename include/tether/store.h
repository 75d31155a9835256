/* Care of a store: removing what nobody needs, and telling what this machine offers. */
#ifndef TETHER_STORE_H
#define TETHER_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "tether/error.h"
#include "tether/export.h"
#include "tether/registry.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tether_gc_options {
    size_t size;           /* sizeof(tether_gc_options), or 0 for the fields of version 0.1 */
    int64_t older_than_ms; /* remove what ended at least so long ago; 0: 24 hours; -1: whatever its
                              age */
} tether_gc_options;

typedef struct tether_gc_result {
    size_t removed; /* ended, acknowledged tasks that were removed with their output */
    size_t kept; /* tasks that stay: running, not acknowledged, too young, or of a newer schema */
    size_t leftovers;   /* traces of starts that never became visible, removed */
    size_t quarantined; /* damaged bundles moved to the store's quarantine folder now */
    size_t expired;     /* removed from there, after 30 days */
} tether_gc_result;

/* Removes ended and acknowledged tasks from every session of the registry's store, and what has
 * been in quarantine for 30 days. Nothing is removed of a task that runs or whose end nobody has
 * acknowledged; by age, nothing while the wall clock looks wrong (set while the machine ran, or
 * behind what is on disk). options and result may be NULL. Every registry does it once by itself,
 * in the background, unless it has no_gc, is ephemeral, or somebody did so in the last 10
 * minutes. Any thread. */
TETHER_EXPORT int tether_gc(tether_registry *registry, const tether_gc_options *options,
                            tether_gc_result *result, tether_error *error);

/* Forgets the session's ended and acknowledged tasks that ended at least so long ago (0: all), with
 * their output. Otherwise as tether_gc. */
TETHER_EXPORT int tether_cleanup_finished(tether_registry *registry, int64_t older_than_ms,
                                          tether_gc_result *result, tether_error *error);

typedef enum tether_verdict { TETHER_GOOD = 0, TETHER_WEAK = 1, TETHER_BAD = 2 } tether_verdict;

typedef struct tether_finding {
    tether_verdict verdict; /* GOOD: holds; WEAK: works with a stated loss; BAD: tasks cannot be
                               started like this */
    char *name;             /* what was looked at, such as "events" */
    char *text;             /* what was found, and for WEAK and BAD what to do */
} tether_finding;

typedef struct tether_report {
    tether_finding *items;
    size_t count;
} tether_report;

/* Looks at the machine and at a store (NULL: the default one), without changing either: which
 * guarantees hold here, and which do not. A store that would be refused is a finding, not an error.
 * *report is freed with tether_report_free, NULL on failure. Any thread. */
TETHER_EXPORT int tether_doctor(const char *store, tether_report **report, tether_error *error);

TETHER_EXPORT void tether_report_free(tether_report *report);

#ifdef __cplusplus
}
#endif
#endif
