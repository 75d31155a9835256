/* What a registry is made of. */
#ifndef TETHER_REGISTRY_INTERNAL_H
#define TETHER_REGISTRY_INTERNAL_H

#include "engine/catalog.h"
#include "store/ephemeral.h"
#include "store/holder.h"
#include "care/housekeeper.h"
#include "task/lease.h"
#include "task/proxy.h"
#include "engine/reaper.h"
#include "store/store.h"
#include "tether/registry.h"

struct tether_registry {
    tether__ephemeral *ephemeral; /* NULL: the store stays */
    tether__store store;
    tether__holder holder;
    tether__leases leases; /* of other sessions' completions */
    tether__session session;
    tether__catalog catalog;
    tether__reaper *reaper;
    tether__housekeeper *housekeeper; /* NULL: none */
    int64_t default_timeout_ms;       /* TETHER_NO_TIMEOUT: none */
    size_t max_running;               /* 0: no limit; likewise the next two */
    uint64_t max_started;
    uint64_t max_output_bytes;
    tether_compress_cb compress; /* NULL: none */
    void *userdata;
    bool closing;             /* under the catalog's `state` */
    tether__proxies *proxies; /* NULL: none was ever open; likewise */
    size_t waiters;           /* threads inside a call that waits; likewise */
};

/* TETHER_EINVAL where text cannot be a task id. */
int tether__check_task_id(const char *task_id, tether_error *error);

/* Around a call that waits: closing the registry waits for those that are inside, and they return
 * TETHER_ECLOSED. Enter fails with that where it is being closed already. */
int tether__registry_enter(tether_registry *registry, tether_error *error);
void tether__registry_leave(tether_registry *registry);

/* How long a waiter sleeps at most before it looks by itself: a safety net for events that never
 * come, such as that of a lifeline that somebody's forked child still holds. -1 (for ever) never
 * happens. */
int64_t tether__registry_patience(const tether_registry *registry);

#endif
