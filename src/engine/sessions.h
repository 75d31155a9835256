/* Visiting all sessions of a registry's store. */
#ifndef TETHER_SESSIONS_H
#define TETHER_SESSIONS_H

#include <stdbool.h>

#include "engine/catalog.h"
#include "tether/error.h"
#include "tether/registry.h"

/* What a visit returns to end the round without a failure. */
enum { TETHER__SESSIONS_STOP = 1 };

/* Calls visit for every session of the store, in no order: for the registry's own (`own`) with the
 * registry's catalog, for each other with an empty one that is gone after the call (fill it with
 * tether__replay). No lock is held around visit, which takes what it needs. A visit that fails does
 * not end the round: the first failure is returned when all were visited, unless one of them ended
 * the round. TETHER_ENOTASK is none, as a session may go away meanwhile; what is no whole session
 * is skipped. Any thread. */
int tether__sessions_visit(tether_registry *registry,
                           int (*visit)(tether__catalog *catalog, bool own, void *userdata,
                                        tether_error *error),
                           void *userdata, tether_error *error);

/* Calls visit for one session, by its id; TETHER_ENOTASK where the store has none of that id. */
int tether__sessions_visit_one(tether_registry *registry, const char *session_id,
                               int (*visit)(tether__catalog *catalog, bool own, void *userdata,
                                            tether_error *error),
                               void *userdata, tether_error *error);

#endif
