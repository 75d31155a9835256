/* Which completions of other sessions a registry has leased. The records hold the leases; this list
 * remembers the session of each. */
#ifndef TETHER_LEASE_H
#define TETHER_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "tether/error.h"
#include "tether/task.h"

typedef struct tether__lease {
    char task_id[TETHER_ID_SIZE];
    char *session_id;
    uint64_t acknowledged; /* numbers the acknowledgements in their order; 0: not acknowledged */
} tether__lease;

typedef struct tether__leases {
    uv_mutex_t mutex;
    tether__lease *items;
    size_t count;
    size_t capacity;
    uint64_t acknowledgements;
} tether__leases;

int tether__leases_init(tether__leases *leases, tether_error *error);
void tether__leases_dispose(tether__leases *leases);

/* Adds a lease, unless it is listed already. Returns false when memory is short. Any thread. */
bool tether__leases_add(tether__leases *leases, const char *task_id, const char *session_id);

/* Stores the session of a leased task, freed with free(); NULL: the task is not listed. Returns
 * false when memory is short. Any thread. */
bool tether__leases_find(tether__leases *leases, const char *task_id, char **session_id);

/* Notes that a leased completion was acknowledged. Its lease stays listed, so that a second
 * acknowledgement finds the task, until many others were acknowledged after it. Any thread. */
void tether__leases_acknowledge(tether__leases *leases, const char *task_id);

/* Removes a lease, if it is listed. Any thread. */
void tether__leases_remove(tether__leases *leases, const char *task_id);

#endif
