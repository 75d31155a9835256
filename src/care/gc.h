/* One round of collecting garbage, for those who ask for it and for the one in the background. */
#ifndef TETHER_GC_H
#define TETHER_GC_H

#include <stdbool.h>
#include <stdint.h>

#include "tether/error.h"
#include "tether/registry.h"

/* Whether the last whole round is so long ago that a registry does one by itself. Reads gc.json;
 * any thread. */
bool tether__gc_due(const tether_registry *registry);

/* A round that stays out of everybody's way: it never waits for a lock, writes no record, takes
 * `disk` for one task at a time, and ends between two tasks once stopped(userdata) says so; then it
 * does not count as a round. Any thread. */
int tether__gc_background(tether_registry *registry, bool (*stopped)(void *userdata),
                          void *userdata, tether_error *error);

#endif
