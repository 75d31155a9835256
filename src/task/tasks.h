/* What this room adds to a registry: its limits, its leases and its open proxies. */
#ifndef TETHER_TASKS_H
#define TETHER_TASKS_H

#include <stddef.h>
#include <stdint.h>

#include "os/bond.h"
#include "output/outputs.h"
#include "store/wrappers.h"
#include "task/facts.h"
#include "task/lease.h"

/* The open proxies of one registry, see task/proxy.c. The object outlives the registry until the
 * last proxy is finished. */
typedef struct tether__proxies tether__proxies;

typedef struct tether__tasks {
    tether__outputs outputs;    /* first, so that a pointer to it is also a pointer to the whole */
    tether__leases leases;      /* of completions in other sessions */
    tether__proxies *proxies;   /* NULL: none was ever opened; guarded by the catalog's `state` */
    int64_t default_timeout_ms; /* TETHER_NO_TIMEOUT: none */
    size_t max_running;         /* 0: no limit; likewise the next two */
    uint64_t max_started;
    uint64_t max_output_bytes;
    tether__facts facts;           /* guarded by the catalog's `state`; see facts.h */
    tether__known_wrapper wrapper; /* the last one; guarded by the catalog's `state` */
    char *monitor; /* where a search has found it; NULL: none has yet. Guarded likewise; stays the
                      same until the registry is freed */
    tether__bond bond; /* of the tasks that end with this registry; guarded likewise */
} tether__tasks;

/* Stores what is known about this process; asks the system the first time. Takes the catalog's
 * `state`. */
void tether__tasks_facts(tether_registry *registry, tether__facts *facts);

/* Finds the monitor (tether__os_find_companion), and remembers where: a search asks the system for
 * the file of this program. Takes the catalog's `state`. */
int tether__tasks_find_monitor(tether_registry *registry, const char *name, char **path,
                               tether_error *error);

/* Stores the bond of this registry, which stays valid until it is closed; makes it the first time.
 * Takes the catalog's `state`. */
int tether__tasks_bind(tether_registry *registry, const tether__bond **bond, tether_error *error);

/* Tells the monitors of the tasks that end with this registry that it has ended. */
void tether__tasks_unbind(tether_registry *registry);

/* Returns the same registry as the struct with this room's members. */
tether__tasks *tether__tasks_of(tether_registry *registry);

#endif
