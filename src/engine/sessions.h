/* Iterating over all sessions of a registry's store. */
#ifndef TETHER_SESSIONS_H
#define TETHER_SESSIONS_H

#include <stdbool.h>

#include "engine/catalog.h"
#include "tether/error.h"
#include "tether/registry.h"

/* A visit returns this to stop the iteration without a failure. */
enum { TETHER__SESSIONS_STOP = 1 };

/* Calls visit for every session of the store, in no order: for the registry's own (`own`) with the
 * registry's catalog, for each other one with an empty catalog that is valid during the call only
 * (tether__replay fills it). A visit is called while no lock is held, and takes the locks that it
 * needs. A failed visit does not stop the iteration. Returns TETHER_OK if a visit has stopped the
 * iteration, else the first failure. TETHER_ENOTASK is not a failure, because a session may be
 * removed at any time; incomplete sessions are skipped. Any thread. The caller holds no lock. */
int tether__sessions_visit(tether_registry *registry,
                           int (*visit)(tether__catalog *catalog, bool own, void *userdata,
                                        tether_error *error),
                           void *userdata, tether_error *error);

/* Calls visit for the session with this id, and returns its result. TETHER_ENOTASK: the store has
 * no such session. Any thread. The caller holds no lock. */
int tether__sessions_visit_one(tether_registry *registry, const char *session_id,
                               int (*visit)(tether__catalog *catalog, bool own, void *userdata,
                                            tether_error *error),
                               void *userdata, tether_error *error);

#endif
