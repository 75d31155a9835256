/* Completions: "this task ended", kept on disk until somebody acknowledges it. */
#ifndef TETHER_COMPLETION_H
#define TETHER_COMPLETION_H

#include <stdbool.h>

#include "tether/error.h"
#include "tether/export.h"
#include "tether/registry.h"
#include "tether/task.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The session's ended tasks whose completion nobody has acknowledged, the oldest end first. Looking
 * takes nothing away. *list is freed with tether_snapshot_list_free, NULL on failure. Any thread.
 */
TETHER_EXPORT int tether_completions_peek(tether_registry *registry, tether_snapshot_list **list,
                                          tether_error *error);

/* Acknowledges one completion, for every host and for good. *fresh (NULL: not wanted) tells whether
 * this call did it: of any number of callers, in any number of processes, exactly one gets true.
 * Acknowledging again is no error. Any thread. Errors: TETHER_ENOTASK; TETHER_ENOTENDED;
 * TETHER_ELOCKED; TETHER_EREADONLY. */
TETHER_EXPORT int tether_completion_ack(tether_registry *registry, const char *task_id, bool *fresh,
                                        tether_error *error);

#ifdef __cplusplus
}
#endif
#endif
