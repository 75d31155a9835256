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
 * (tether__replay fills it). No lock is held during visit, which takes the locks that it needs. A
 * failed visit does not stop the iteration: the first failure is returned after the last visit,
 * unless a visit has stopped the iteration. TETHER_ENOTASK is not a failure, because a session may
 * be removed at any time; incomplete sessions are skipped. Any thread. */
int tether__sessions_visit(tether_registry *registry,
                           int (*visit)(tether__catalog *catalog, bool own, void *userdata,
                                        tether_error *error),
                           void *userdata, tether_error *error);

/* Calls visit for the session of this id. TETHER_ENOTASK: the store has no such session. */
int tether__sessions_visit_one(tether_registry *registry, const char *session_id,
                               int (*visit)(tether__catalog *catalog, bool own, void *userdata,
                                            tether_error *error),
                               void *userdata, tether_error *error);

#endif
