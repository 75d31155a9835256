/* Garbage collection in the background of a registry. tether_gc and tether_cleanup_finished run the
 * same code on request. */
#ifndef TETHER_GC_H
#define TETHER_GC_H

#include <stdbool.h>
#include <stdint.h>

#include "tether/error.h"
#include "tether/registry.h"

/* Returns whether a registry that opens should collect garbage: the store's last complete
 * collection is at least ten minutes old, or from another boot. Reads gc.json. Any thread. */
bool tether__gc_due(const tether_registry *registry);

/* Collects garbage in all sessions without delaying other threads or hosts: holds `disk` for one
 * task at a time, never waits for a session lock (it tries again later), and writes no record.
 * Once stopped(userdata) returns true, ends before the next task; gc.json then does not record the
 * collection. Any thread. */
int tether__gc_background(tether_registry *registry, bool (*stopped)(void *userdata),
                          void *userdata, tether_error *error);

#endif
