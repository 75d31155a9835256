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

typedef struct tether_completion_options {
    size_t size;       /* sizeof(tether_completion_options), or 0 for the fields of version 0.1 */
    bool all_sessions; /* of every session of the store. Default: of the registry's own */
    size_t limit;      /* at most so many, the oldest ends. 0: all */
} tether_completion_options;

/* Ended tasks whose completion nobody has acknowledged, the oldest end first, whoever holds them.
 * Looking takes nothing away. options may be NULL. *list is freed with tether_snapshot_list_free,
 * NULL on failure. Any thread. */
TETHER_EXPORT int tether_completions_peek(tether_registry *registry,
                                          const tether_completion_options *options,
                                          tether_snapshot_list **list, tether_error *error);

/* Takes pending completions that nobody holds: until this registry acknowledges or releases them,
 * is closed or its process dies, no other registry gets them, in any process. What is leased and
 * not acknowledged by then is pending for others again. An empty list is no error. *list as in
 * tether_completions_peek. Any thread. Errors: TETHER_ELOCKED, TETHER_EGONE. */
TETHER_EXPORT int tether_completions_lease(tether_registry *registry,
                                           const tether_completion_options *options,
                                           tether_snapshot_list **list, tether_error *error);

/* Gives a leased completion back. One that is not held by this registry is left alone, without an
 * error. Any thread. Errors: TETHER_ENOTASK. */
TETHER_EXPORT int tether_completion_release(tether_registry *registry, const char *task_id,
                                            tether_error *error);

/* Acknowledges one completion, for every host and for good; of another session too, where this
 * registry has leased it. *fresh (NULL: not wanted) tells whether this call did it: of any number
 * of callers, in any number of processes, exactly one gets true. Acknowledging again is no error.
 * Any thread. Errors: TETHER_ELEASED while another registry holds it; TETHER_ENOTASK;
 * TETHER_ENOTENDED; TETHER_ELOCKED; TETHER_EREADONLY. */
TETHER_EXPORT int tether_completion_ack(tether_registry *registry, const char *task_id, bool *fresh,
                                        tether_error *error);

/* Leases and acknowledges in one: what is in *list belongs to this caller, and comes to nobody
 * again, also where this process dies before it has read it; who cannot have that leases, reads,
 * and then acknowledges. Otherwise as tether_completions_lease. */
TETHER_EXPORT int tether_completions_drain(tether_registry *registry,
                                           const tether_completion_options *options,
                                           tether_snapshot_list **list, tether_error *error);

/* Waits until there is a pending completion that no other registry holds and that this one has not
 * leased yet. timeout_ms as in tether_wait. Any thread but that of a host's own loop. Errors:
 * TETHER_ETIMEDOUT, TETHER_ECLOSED. */
TETHER_EXPORT int tether_completions_wait(tether_registry *registry,
                                          const tether_completion_options *options,
                                          int64_t timeout_ms, tether_error *error);

/* Asks for a completion of a task that was started with no_notify; of one that has ended it is
 * pending at once. Again: no error. Any thread. Errors: TETHER_ENOTASK, TETHER_ELOCKED,
 * TETHER_EREADONLY. */
TETHER_EXPORT int tether_promote(tether_registry *registry, const char *task_id,
                                 tether_error *error);

#ifdef __cplusplus
}
#endif
#endif
