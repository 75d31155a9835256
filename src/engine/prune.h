/* Pruning: keeps the catalog as small as what is live or pending, however many tasks other hosts
 * acknowledge or remove. */
#ifndef TETHER_PRUNE_H
#define TETHER_PRUNE_H

#include "engine/catalog.h"

/* Drops the entries of tasks about which nothing is left to do (tether__record_is_done), as soon as
 * there are some more of them. Once the catalog has doubled, also those of tasks that are no longer
 * on disk, or of which only the disk says that they are done: without events, a registry does not
 * learn what other hosts acknowledge and remove. Ends early while an entry may not be dropped
 * (tether__catalog_hold). The loop's thread. The caller holds no lock. */
void tether__prune(tether__catalog *catalog);

#endif
