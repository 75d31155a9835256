/* Completions: the notice that a task has ended. The store keeps it until a host acknowledges it.
 *
 * A completion is pending if its task has ended, was not started with no_notify (or was promoted),
 * and it was not acknowledged. Several hosts may share a session. So that only one of them
 * handles a completion, a host leases it, handles it, and then acknowledges it. If the host dies
 * before the acknowledgement, another host can lease it. */
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

/* Options of the calls on several completions. All zero (or a NULL pointer) means every default. */
typedef struct tether_completion_options {
    /* sizeof(tether_completion_options), or 0 for the fields of version 0.1. */
    size_t size;
    /* Include all sessions of the store. Default: the registry's own session. */
    bool all_sessions;
    /* Return at most this many completions, those that ended first. 0: all. Ignored by
     * tether_completions_wait. */
    size_t limit;
    /* Only for tether_completions_wait: what the caller has seen already, such as the last list of
     * tether_completions_peek. The wait is then for a pending completion that is not in this list,
     * whether or not it is leased. The list is only read, and has to stay until the call returns.
     * NULL: wait for one that this registry could lease. */
    const tether_snapshot_list *seen;
} tether_completion_options;

/* Lists the pending completions, the oldest end first, including those that are leased. Changes
 * nothing.
 *
 * The caller frees *list with tether_snapshot_list_free; it is NULL on failure. An empty list is
 * not an error. The list is complete: if a task cannot be read, the call fails. Any thread. */
TETHER_EXPORT int tether_completions_peek(tether_registry *registry,
                                          const tether_completion_options *options,
                                          tether_snapshot_list **list, tether_error *error);

/* Leases the pending completions that no registry has leased, and lists them, the oldest end first.
 *
 * No other registry, in any process, can lease or acknowledge them until this registry acknowledges
 * or releases them, is closed, or its process dies. After a release, a close or a death, those that
 * were not acknowledged are pending for others again. No timeout is involved.
 *
 * Ownership, threads and empty lists as in tether_completions_peek. If some tasks cannot be read,
 * or the call fails after it has leased some completions, it returns TETHER_OK and lists the leased
 * ones; it fails once there are none.
 *
 * Errors: TETHER_ELOCKED if another process does not release the session lock in time; TETHER_EGONE
 * if the store was removed. */
TETHER_EXPORT int tether_completions_lease(tether_registry *registry,
                                           const tether_completion_options *options,
                                           tether_snapshot_list **list, tether_error *error);

/* Ends the lease on a completion: others can lease it again. Does nothing if this registry has not
 * leased it. Any thread.
 *
 * Errors: TETHER_ENOTASK if neither the session nor the leases of this registry have the task;
 * TETHER_ELOCKED. */
TETHER_EXPORT int tether_completion_release(tether_registry *registry, const char *task_id,
                                            tether_error *error);

/* Acknowledges a completion, permanently and for all hosts. It may belong to another session if
 * this registry has leased it. No lease is needed. Acknowledging twice is not an error.
 *
 * *fresh receives whether this call acknowledged it: of all callers in all processes, exactly one
 * gets true. fresh may be NULL. Any thread.
 *
 * Errors: TETHER_ELEASED while another registry holds the lease; TETHER_ENOTENDED if the task has
 * not ended; TETHER_ENOTASK; TETHER_ELOCKED; TETHER_EREADONLY if a newer version wrote the
 * record. */
TETHER_EXPORT int tether_completion_ack(tether_registry *registry, const char *task_id, bool *fresh,
                                        tether_error *error);

/* Leases and acknowledges in one step. The completions in *list are delivered to this caller only
 * and never again, even if its process dies before it reads the list. If that is not acceptable,
 * use tether_completions_lease, handle each completion, then call tether_completion_ack.
 *
 * Includes the completions that this registry has leased. Otherwise as tether_completions_lease. */
TETHER_EXPORT int tether_completions_drain(tether_registry *registry,
                                           const tether_completion_options *options,
                                           tether_snapshot_list **list, tether_error *error);

/* Waits until there is a pending completion that no registry has leased, not even this one; or with
 * options->seen, until there is one that the caller has not seen.
 *
 * timeout_ms in milliseconds: -1 waits forever, 0 checks once. Completions of other sessions (see
 * all_sessions) may be noticed up to a second late. Any thread, except the thread of a host's own
 * loop if timeout_ms is not 0 (TETHER_EINVAL).
 *
 * Errors: TETHER_ETIMEDOUT; TETHER_ECLOSED if the registry is closed during the wait. */
TETHER_EXPORT int tether_completions_wait(tether_registry *registry,
                                          const tether_completion_options *options,
                                          int64_t timeout_ms, tether_error *error);

/* Requests a completion for a task that was started with no_notify. If the task has ended, its
 * completion is pending at once. Promoting twice is not an error. Any thread.
 *
 * Errors: TETHER_ENOTASK; TETHER_ELOCKED; TETHER_EREADONLY if a newer version wrote the record. */
TETHER_EXPORT int tether_promote(tether_registry *registry, const char *task_id,
                                 tether_error *error);

#ifdef __cplusplus
}
#endif
#endif
