/* Tasks whose completions are pending, in the order in which hosts return them.
 * Thread: any; blocks on the disk. */
#ifndef TETHER_CANDIDATES_H
#define TETHER_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/record.h"
#include "tether/error.h"
#include "tether/task.h"

/* A completion that was pending when its record was last read. The record is read again before the
 * completion is returned or changed. */
typedef struct tether__candidate {
    char id[TETHER_ID_SIZE];
    char *session_id; /* NULL: the registry's own */
    int64_t finished_at;
    const char *order_session; /* the same with the id of the registry's own, for the order */
    uint64_t end_at;           /* tether__end_place */
} tether__candidate;

typedef struct tether__candidates {
    tether_registry *registry;
    bool skip_own; /* skip what this registry leases already */
    tether__candidate *items;
    size_t count;
    size_t capacity;
    /* Why some tasks could not be read. The candidates are valid all the same. */
    int code;
    tether_error problem;
} tether__candidates;

/* Returns whether the task has ended and its completion is still to be acknowledged. */
bool tether__completion_is_pending(const tether__record *record);

/* Finds them in the registry's session or in all of the store, the oldest first. The caller
 * disposes of `all`, also if the call fails. */
int tether__candidates_find(tether_registry *registry, bool all_sessions, bool skip_own,
                            tether__candidates *all, tether_error *error);

void tether__candidates_dispose(tether__candidates *all);

#endif
