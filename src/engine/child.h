/* A child: a supervisor that this process has started, as it is kept in memory for each task. One
 * thread at a time; in the catalog, under `state`. */
#ifndef TETHER_CHILD_H
#define TETHER_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "format/identity.h"

/* What the identities of children that were started one after the other have in common. Another
 * one is needed only after the host has moved to another pid namespace. */
typedef struct tether__origin {
    char boot_id[TETHER__BOOT_ID_SIZE]; /* as in tether__identity */
    char pid_ns[TETHER__PID_NS_SIZE];
    struct tether__origin *next;
} tether__origin;

/* All-zero: no child. */
typedef struct tether__child {
    int64_t pid;                  /* 0: no child, or reaped */
    uint64_t start_time;          /* 0: not known, or not asked for: os/child_start.h */
    uint64_t pidfs_id;            /* 0: not known */
    const tether__origin *origin; /* NULL: not known */
} tether__child;

/* Returns the origin of this identity in a list that begins as NULL; adds it if it is not there.
 * NULL when memory is short. It is valid until the list is freed. */
const tether__origin *tether__origin_find(tether__origin **list, const tether__identity *identity);

void tether__origins_free(tether__origin *list);

/* Returns the identity of a child, without the time offset: a child's clocks are its parent's. */
tether__identity tether__child_identity(const tether__child *child);

/* Reaps a child, as tether__os_process_reap does. pid is 0 afterwards if it returns true. */
bool tether__child_reap(tether__child *child);

#endif
