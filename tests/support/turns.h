/* A host's own loop, reduced to one wait: for the pollable of a registry. */
#ifndef TETHER_TEST_TURNS_H
#define TETHER_TEST_TURNS_H

#include "support/witness.h"

/* Waits until the registry's pollable is ready or the time has passed; returns whether it is ready.
 */
bool test_await_turn(tether_registry *registry, int64_t timeout_ms);

#endif
