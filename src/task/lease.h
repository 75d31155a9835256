/* Which completions of other sessions a registry has leased: the records say so, but which session
 * to look in is remembered here. */
#ifndef TETHER_LEASE_H
#define TETHER_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "tether/error.h"
#include "tether/task.h"

typedef struct tether__lease {
    char task_id[TETHER_ID_SIZE];
    char *session_id;
} tether__lease;

typedef struct tether__leases {
    uv_mutex_t mutex;
    tether__lease *items;
    size_t count;
    size_t room;
} tether__leases;

int tether__leases_init(tether__leases *leases, tether_error *error);
void tether__leases_dispose(tether__leases *leases);

/* Remembers one until it is removed, unless it is known already; false when memory is short. Any
 * thread. */
bool tether__leases_add(tether__leases *leases, const char *task_id, const char *session_id);

/* The session of a task that was leased, freed with free(); NULL: none. Any thread. */
char *tether__leases_find(tether__leases *leases, const char *task_id);

/* Any thread. */
void tether__leases_remove(tether__leases *leases, const char *task_id);

#endif
