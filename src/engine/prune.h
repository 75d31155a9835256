/* Pruning: keeps the catalog as small as what is live or pending, however many tasks other hosts
 * acknowledge or remove. */
#ifndef TETHER_PRUNE_H
#define TETHER_PRUNE_H

#include "engine/catalog.h"

/* Drops the entries of tasks that are no longer on disk, and of those about which nothing is left
 * to do (tether__record_is_done). Other hosts acknowledge and remove tasks without an event, so
 * this reads the disk: only once the catalog has doubled, which costs one look per task that was
 * ever added. Ends early while an entry may not be dropped (tether__catalog_hold). The loop's
 * thread. The caller holds no lock. */
void tether__prune(tether__catalog *catalog);

#endif
